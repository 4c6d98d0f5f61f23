from debate.engine.engine import Engine as Engine
from debate.errors import BudgetExceeded as BudgetExceeded
from debate.errors import DebateError as DebateError
from debate.errors import MissingKey as MissingKey
from debate.errors import ModelError as ModelError
from debate.errors import ScenarioChanged as ScenarioChanged
from debate.errors import ScenarioError as ScenarioError
from debate.errors import SettingsError as SettingsError
from debate.errors import TranscriptError as TranscriptError
from debate.library import Transcript as Transcript
from debate.library import explain as explain
from debate.library import fork as fork
from debate.library import read as read
from debate.library import rescore as rescore
from debate.library import resume as resume
from debate.library import run as run
from debate.models.from_openai import from_openai as from_openai
from debate.models.port import ChatModel as ChatModel
from debate.models.port import Completion as Completion
from debate.models.port import Delta as Delta
from debate.models.port import Message as Message
from debate.models.port import ModelRef as ModelRef
from debate.models.port import Request as Request
from debate.scenario.reading import parse_scenario as parse_scenario
from debate.scenario.reading import read_scenario as read_scenario
from debate.scenario.schema import Participant as Participant
from debate.scenario.schema import Question as Question
from debate.scenario.schema import Round as Round
from debate.scenario.schema import Scenario as Scenario
from debate.settings.schema import Settings as Settings
from debate.transcript.result import Result as Result
from debate.transcript.usage import Usage as Usage

__all__ = [
    "BudgetExceeded",
    "ChatModel",
    "Completion",
    "DebateError",
    "Delta",
    "Engine",
    "Message",
    "MissingKey",
    "ModelError",
    "ModelRef",
    "Participant",
    "Question",
    "Request",
    "Result",
    "Round",
    "Scenario",
    "ScenarioChanged",
    "ScenarioError",
    "Settings",
    "SettingsError",
    "Transcript",
    "TranscriptError",
    "Usage",
    "explain",
    "fork",
    "from_openai",
    "parse_scenario",
    "read",
    "read_scenario",
    "rescore",
    "resume",
    "run",
]
