"""A module that starts a thread when it is imported, as some native libraries do."""

import threading
import time

threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
