"""placeholder"""
from filemill.metadata.main import run
if __name__ == "__main__":
    run()
