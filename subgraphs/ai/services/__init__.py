"""The rules of ai. Services get narrow values and what opens transactions, and hold none while they ask the model."""
