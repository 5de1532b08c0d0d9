"""Names of things, each a type of its own so that no two can be mixed up."""

from typing import NewType

CallId = NewType("CallId", str)
"""One contact by voice, from the first offer of sound to its record."""
LegId = NewType("LegId", str)
"""One audio connection of a call."""
LineId = NewType("LineId", str)
"""A helpline and what belongs to it, by the name of its folder in ivr_flows/lines."""
QueueId = NewType("QueueId", str)
"""A line and a skill requirement, language included: whoever may serve it may serve its head."""
AdviserId = NewType("AdviserId", str)
NodeId = NewType("NodeId", str)
"""One media node process."""
DeskId = NewType("DeskId", str)
"""One desk process."""
Token = NewType("Token", int)
"""A reservation's number; rises for ever, so that the older of two is known to be stale."""
NO_TOKEN = Token(0)
"""Below every reservation's."""
RequestId = NewType("RequestId", str)
"""Names one attempt of the caller of a port, so that a repeat of it is recognised."""
PhoneNumber = NewType("PhoneNumber", str)
"""A telephone number as E.164 text, as in +441632960001."""
OutsideName = NewType("OutsideName", str)
"""An outside number, by its name in the file of them."""
OutcomeCode = NewType("OutcomeCode", str)
SoundName = NewType("SoundName", str)
"""A prompt, an announcement or a piece of music, by the name it has in ivr_flows/."""
StepName = NewType("StepName", str)
"""A step of a flow."""
RecordingPart = NewType("RecordingPart", str)
"""One file of a recording: a talk that goes on at another node goes on in another part."""
TextId = NewType("TextId", str)
"""Names one text of a chat, given by whoever writes it, so that a repeat of it is recognised."""
