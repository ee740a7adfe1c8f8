"""The Saathii client: sign in, see who is there, call.

The two modules below are generated; `cargo suites generate` writes them anew.
"""

from .saathii_shared_types import *
from .saathii_sdk_ffi import *
