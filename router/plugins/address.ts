// Who is counted as one client: an address of IPv4, or a network of IPv6, of which everybody is given a whole one.
import { isIPv6 } from 'node:net';

/** The client's address. A forwarded one counts only as far back as our own proxies wrote it. */
export function clientAddress(forwarded: string | null | undefined, peer: string | undefined, proxies: number) {
  return (proxies > 0 && forwarded?.split(',').at(-proxies)?.trim()) || peer;
}

/** The address, or for IPv6 the first 64 bits of it; `::ffff:192.0.2.1` is the IPv4 address that it stands for. */
export function networkOf(address: string | undefined): string {
  const [, mapped] = /^::ffff:([\d.]+)$/i.exec(address ?? '') ?? [];
  if (mapped || !address || !isIPv6(address)) return mapped ?? address ?? 'unknown';
  const [before = '', after] = address.split('%')[0]!.toLowerCase().split('::');
  const left = before ? before.split(':') : [];
  const missing = after === undefined ? 0 : 8 - left.length - (after ? after.split(':').length : 0);
  const groups = [...left, ...Array<string>(missing).fill('0'), ...(after ? after.split(':') : [])];
  return `${groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(':')}::/64`;
}
