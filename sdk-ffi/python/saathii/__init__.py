"""The Saathii client: sign in, see who is there, call.

The two modules below are generated; `cargo suites generate` writes them anew.
"""

import atexit as _atexit

from .saathii_shared_types import *
from .saathii_sdk_ffi import *


def _leave():
    # Python ends a thread that comes to it later, and the process with it.
    shut_down_clients()
    release_host(5_000)


_atexit.register(_leave)
