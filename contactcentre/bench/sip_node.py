"""The node of the SIP bench: the media role itself, on one core and without a parent."""

import gc
import os

from contactcentre.apps import media
from contactcentre.apps.process import run_process
from contactcentre.bench.media_node import pin_to_core
from contactcentre.settings import read_settings

if __name__ == "__main__":
    pin_to_core(0)
    gc.freeze()  # as the node's own command line does
    run_process("media", read_settings(os.environ), media.serve, heartbeat_fd=None)
