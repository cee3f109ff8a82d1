import importlib.util
import tempfile
from pathlib import Path

import srcad

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model.py"
    path.write_text("def model(x):\n    return x * x\n")
    spec = importlib.util.spec_from_file_location("model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path.write_text("def model(x):\n    return x * x * x\n")

    srcad.grad(module.model)(2.0)
