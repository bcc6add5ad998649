"""Can a localiser that has seen only simulated films find the joints of real ones?

Command:   outcomenet train experiments/localization.py --out runs/localizer
           outcomenet localize FILMS --weights runs/localizer/weights.safetensors --out found
"""

from outcomenet.localizer_training.localizer_experiment import LocalizerExperiment


def get_experiment() -> LocalizerExperiment:
    return LocalizerExperiment()
