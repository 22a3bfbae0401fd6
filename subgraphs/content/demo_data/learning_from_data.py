"""The items of the course "Learning from Data: A First Course in Statistics"."""

from subgraphs.content.demo_data.item import DemoItem

LEARNING_FROM_DATA: tuple[DemoItem, ...] = (
    DemoItem(
        course="learning-from-data",
        module="Samples and populations: where data come from",
        type="TEXT",
        title="Two million answers and the wrong winner",
        text="""\
In the autumn of 1936 an American magazine, the Literary Digest, posted ten million mock ballot papers and
received well over two million back. No poll had ever been so large. It announced that Alf Landon would beat
President Roosevelt comfortably, with about 57 per cent of the vote. Roosevelt took more than 60 per cent and
carried 46 of the 48 states. That same autumn George Gallup, who had questioned about fifty thousand people,
named the winner correctly.

To see what went wrong we need three words. The population is everyone we want to know about, here the people
who would vote. The sample is the part of it we actually observe. The sampling frame is the list from which
the sample is drawn, and this is where the trouble began: the Digest used its own subscribers, telephone
directories and registers of car owners. In the middle of the Depression such people were richer than the
average voter, and richer people leaned towards Landon. Then a second filter did more damage still. Fewer than
one in four returned the card, and those who took the trouble were keener on change than those who did not.

Both faults are called bias: an error that pushes every answer in the same direction. Bias does not shrink as
the sample grows. Two million replies from the wrong people merely tell you the wrong thing with great
confidence.

The other kind of error, sampling error, is the luck of the draw, and it does shrink with size. To keep it the
only kind, choose at random: give every member of the population a known chance of being picked, and let a
random number generator, not convenience, decide. A cook who has stirred the soup can judge the whole pot from
one spoonful. If the pot has not been stirred, a bigger spoon is no help. So when you meet a survey, do not
ask first how many people answered. Ask how they came to be asked, and who kept silent.""",
        difficulty="BEGINNER",
        tags=("sampling", "bias", "polls"),
        duration_minutes=8,
    ),
    DemoItem(
        course="learning-from-data",
        module="Centre and spread: mean, median and standard deviation",
        type="TEXT",
        title="The day the manager's pay joined the list",
        text="""\
Five people work in a small office. Their salaries, in thousands of pounds, are 24, 25, 26, 27 and 28. Add
them up, divide by five and you have the mean: 26. Put them in order and take the middle one and you have the
median: also 26. Now include the manager, who earns 110. The mean jumps to 40, a sum that nobody in the room
is paid or anything like it. The median, now halfway between 26 and 27, is 26.5.

Neither figure is wrong; they answer different questions. The mean shares out the total equally, so it is the
right summary when the total matters, as it does for rainfall, fuel or a wage bill. The median describes the
person in the middle, and it barely notices an outlier, a value far from the rest. That is why incomes and
house prices are usually reported as medians. When you read the word 'average' in a newspaper, find out which
was meant.

A centre alone is half a summary. Two bus routes may both make you wait five minutes on average, one almost
exactly five and the other anything from none to twenty. The usual measure of such spread is the standard
deviation. Suppose you waited 3, 3, 5, 7 and 7 minutes. The mean is 5. The deviations from it are -2, -2, 0, 2
and 2; their squares are 4, 4, 0, 4 and 4, which add up to 16. Divide by one less than the number of
observations, four, to get the variance, 4, and take the square root. The standard deviation is 2 minutes, in
the same unit as the waits themselves.

Why one less? The deviations were measured from the sample's own mean, which sits closer to these five values
than the true mean would, so a plain average of the squares comes out slightly too small. Dividing by four
corrects it.

Always draw the data as well. Two samples can share a mean and a standard deviation and look nothing alike.""",
        difficulty="BEGINNER",
        tags=("mean", "median", "standard deviation", "outliers"),
        duration_minutes=9,
    ),
    DemoItem(
        course="learning-from-data",
        module="Chance, independence and the normal curve",
        type="TEXT",
        title="Why the coin has no memory",
        text="""\
One evening in August 1913 a roulette wheel in Monte Carlo came up black twenty-six times running. Long before
the end, gamblers were staking fortunes on red because, they reasoned, it was overdue. The wheel did not know.
Its spins are independent, which means that the outcome of one leaves the chances of the next unchanged, and
the belief that luck must even itself out is known as the gambler's fallacy.

When events are independent, and only then, the chance that both happen is found by multiplying. Two dice show
two sixes with probability one sixth times one sixth, or one in 36. The condition is easily forgotten. In 1999
a jury in England was told that the chance of two cot deaths in one family was about 1 in 73 million, a figure
reached by squaring the chance of one. But infants in a family share their genes and their surroundings; the
deaths are not independent, and the Royal Statistical Society protested publicly. The mother's conviction was
later quashed.

Although single tosses cannot be predicted, many of them together behave with great regularity. Toss a fair
coin a hundred times and count the heads. You will rarely get exactly 50, but you will seldom be far away: the
counts pile up around 50 with a standard deviation of 5. Draw the chances as a graph and you see a bell, tall
in the middle and falling away equally on both sides. This is the normal curve. Sums and means of many
independent quantities tend towards it almost whatever the quantities are, a fact so important that it is
named the central limit theorem.

Three numbers are worth knowing by heart. In any normal distribution about 68 per cent of values lie within
one standard deviation of the mean, about 95 per cent within two, and about 99.7 per cent within three. So
about nineteen times in twenty your hundred tosses will show between 40 and 60 heads. If you count 70, four
standard deviations from the middle, look hard at the coin.""",
        difficulty="INTERMEDIATE",
        tags=("probability", "independence", "normal distribution"),
        duration_minutes=10,
    ),
    DemoItem(
        course="learning-from-data",
        module="Confidence intervals: how sure is an estimate?",
        type="TEXT",
        title="Fifty-two per cent, give or take three",
        text="""\
A poll of a thousand people, properly chosen at random, finds that 520 of them would vote for a new bypass.
The best single guess at the share in the whole town is 52 per cent. But another thousand people would have
given 50, or 54. How far might our figure be from the truth?

The answer rests on the standard error, which is the standard deviation of the estimate itself, that is, how
much it would vary from sample to sample. For a proportion p from a sample of size n it is the square root of
p times (1 - p) divided by n. Here that is the square root of 0.52 times 0.48 divided by 1,000, or 0.0158.
Since about 95 per cent of a normal distribution lies within 1.96 standard deviations of its centre, we
multiply: 1.96 times 0.0158 is 0.031. This is the margin of error. Our 95 per cent confidence interval is
therefore 52 per cent plus or minus 3.1 points, from 48.9 to 55.1. The bypass may or may not have a majority.

What does the 95 per cent promise? Not that the true share has a 95 per cent chance of lying in this
particular interval; the true share is a fixed number, and it is either inside or not. The promise is about
the method. If we repeated the whole poll many times, computing a fresh interval each time, about 95 in every
100 of those intervals would contain the truth. We hold one of them and hope it is not among the five.

Two consequences surprise people. Because n stands under a square root, halving the margin takes four times as
many people. And the size of the town does not appear in the formula at all: a thousand respondents serve a
nation nearly as well as a county, as long as the population is much larger than the sample.

One warning. The margin covers sampling error only. It says nothing of a badly drawn frame or a leading
question.""",
        difficulty="INTERMEDIATE",
        tags=("confidence interval", "margin of error", "estimation"),
        duration_minutes=9,
    ),
    DemoItem(
        course="learning-from-data",
        module="Testing a claim: p-values and what they do not say",
        type="TEXT",
        title="The tea cups, and what 0.014 means",
        text="""\
At Rothamsted in the 1920s Muriel Bristol, who studied algae, maintained that she could taste whether the milk
or the tea had been poured first. Ronald Fisher turned the claim into an experiment: eight cups, four of each
kind, in random order, and she was to pick out the four with milk first. If she were only guessing, every
choice of four cups would be equally likely. There are 70 such choices, and just one is entirely right. So a
guesser names all four with probability 1 in 70, about 0.014.

That number is a p-value: the probability, supposing the null hypothesis to be true, of a result at least as
extreme as the one observed. The null hypothesis is the dull explanation, here that she cannot tell the
difference. A small p-value says that the dull explanation fits the data badly. By custom, results below 0.05
are called statistically significant, but nothing changes in nature between 0.049 and 0.051.

Now for what a p-value does not say. It is not the probability that the null hypothesis is true, for it was
calculated on the assumption that it is. To see how far apart the two can be, imagine a laboratory that tests
a thousand ideas, of which a hundred are right. Suppose its tests detect a right idea 80 per cent of the time,
and let a wrong one through 5 per cent of the time. There will be 80 true discoveries, and, from the 900 wrong
ideas, 45 false ones. Of 125 significant results, 45 are false: 36 per cent, although every one of them had a
p-value below 0.05.

Nor does a small p-value mean a large effect. With a million patients, a drug that lowers blood pressure by a
hair can be significant and useless. And a large p-value does not prove that nothing is there; the study may
have been too small to notice. Report the size of the effect with its confidence interval, and let the p-value
come second.""",
        difficulty="ADVANCED",
        tags=("p-value", "hypothesis testing", "significance"),
        duration_minutes=11,
    ),
    DemoItem(
        course="learning-from-data",
        module="Correlation, regression and the question of cause",
        type="TEXT",
        title="Shoe size, reading age and the hidden third",
        text="""\
Measure the children of a primary school and you will find that those with bigger feet read better. Nobody
concludes that shoes should be stretched. Older children have larger feet and have also had more lessons; age
drives both. A hidden third variable of this kind is called a confounder, and looking for it is the first duty
of anyone who has found a correlation.

The correlation coefficient, r, runs from -1 to 1. At 1 the points lie exactly on a rising straight line, at
-1 on a falling one, and at 0 no straight line helps. It measures only how well a straight line fits. Points
arranged in a perfect U can have a correlation of zero, so plot first and calculate afterwards.

Regression finds the line itself: the one that makes the squared vertical distances from the points as small
as possible. Suppose that for a class the line is mark = 35 + 5 times hours of revision. The slope, 5, says
that pupils who revised an hour longer scored five marks more on average, and a pupil who revised for six
hours is predicted 65. It does not say that forcing an idle pupil to sit for another hour would add five
marks, since keen pupils may both revise more and do better for other reasons. Nor may we run the line out to
thirty hours, where nobody was observed.

The surest way to cut the link with confounders is to decide by chance who receives the treatment. In 1948 the
Medical Research Council reported on streptomycin for tuberculosis. Patients were allocated at random to the
drug with bed rest or to bed rest alone. After six months 4 of the 55 given streptomycin had died, and 14 of
the 52 others. Because chance alone had formed the groups, age, wealth and severity were balanced on average,
and the drug was left as the natural explanation.

Where we cannot randomise, as with smoking, causes must be argued patiently: from many studies, of different
kinds, whose weaknesses do not coincide.""",
        difficulty="ADVANCED",
        tags=("correlation", "regression", "causation", "confounding"),
        duration_minutes=11,
    ),
)
