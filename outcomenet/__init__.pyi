from outcomenet.analysis import analyse as analyse
from outcomenet.api import evaluate as evaluate
from outcomenet.api import pool as pool
from outcomenet.api import report as report
from outcomenet.api import train as train
from outcomenet.cohorts.cohort import read_cohort as read_cohort
from outcomenet.datasets.dataset import open_dataset as open_dataset
from outcomenet.demonstration import demo as demo
from outcomenet.errors import OutcomenetError as OutcomenetError
from outcomenet.experiment import Experiment as Experiment
from outcomenet.experiment import load_experiment as load_experiment
from outcomenet.intake.take_in import intake as intake
from outcomenet.new_films import compare as compare
from outcomenet.new_films import localize as localize
from outcomenet.new_films import predict as predict
from outcomenet.progress import Progress as Progress
from outcomenet.runs.run import Run as Run
from outcomenet.runs.run import open_run as open_run
from outcomenet.simulation.simulate import simulate as simulate
from outcomenet.sweeps.sweep import sweep as sweep

__version__: str
