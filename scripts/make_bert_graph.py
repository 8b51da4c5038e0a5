"""Write the ONNX graph of a BERT encoder whose weights stay in a safetensors file beside it.

safetensors holds plain little-endian arrays, and ONNX can name bytes of another file by offset and length, so the graph is a
few kilobytes and the published weights are used as they are. Use: make_bert_graph.py model.safetensors config.json OUT.onnx
"""

import json
import struct
import sys
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

OPSET = 20
HEAD_MOST_BYTES = 10 << 20
TYPES = {"F32": TensorProto.FLOAT, "I64": TensorProto.INT64}


class Graph:
    """Nodes and weights in the making; methods return the name of what they add."""

    def __init__(self, weights: Path) -> None:
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        with weights.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            assert length < HEAD_MOST_BYTES
            self._head = json.loads(file.read(length))
        self._data_at = 8 + length
        self._file = weights.name

    def weight(self, name: str) -> str:
        """A tensor of the safetensors file."""
        if name not in self.initializers:
            facts = self._head[name]
            begin, end = facts["data_offsets"]
            tensor = TensorProto(name=name, data_type=TYPES[facts["dtype"]], dims=facts["shape"])
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", self._file), ("offset", self._data_at + begin), ("length", end - begin)):
                tensor.external_data.add(key=key, value=str(value))
            self.initializers[name] = tensor
        return name

    def constant(self, values: list[int] | float) -> str:
        """A small tensor of the graph itself."""
        name = f"constant {values}"
        kind = TensorProto.FLOAT if isinstance(values, float) else TensorProto.INT64
        flat = [values] if isinstance(values, float) else values
        dims = [] if isinstance(values, float) else [len(values)]
        self.initializers.setdefault(name, helper.make_tensor(name, kind, dims, flat))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node with one output."""
        name = f"{kind} {len(self.nodes)}"
        domain = attributes.pop("domain", "")
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, domain=domain, **attributes))
        return name

    def linear(self, rows: str, of: str) -> str:
        """x W' + b, as PyTorch keeps it."""
        return self.add("Gemm", rows, self.weight(f"{of}.weight"), self.weight(f"{of}.bias"), transB=1)

    def norm(self, rows: str, of: str, epsilon: float) -> str:
        return self.add(
            "LayerNormalization", rows, self.weight(f"{of}.weight"), self.weight(f"{of}.bias"), epsilon=epsilon
        )


def build(weights: Path, config: dict[str, Any]) -> Any:
    """The model: input_ids and attention_mask (batch, tokens) int64 -> last_hidden_state (batch, tokens, width) float32."""
    graph = Graph(weights)
    width, heads, epsilon = config["hidden_size"], config["num_attention_heads"], config["layer_norm_eps"]
    shape = graph.add("Shape", "input_ids")
    tokens = graph.add("Slice", shape, graph.constant([1]), graph.constant([2]))
    words = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "input_ids")
    places = graph.add(
        "Slice", graph.weight("embeddings.position_embeddings.weight"), graph.constant([0]), tokens, graph.constant([0])
    )
    kind = graph.add("Gather", graph.weight("embeddings.token_type_embeddings.weight"), graph.constant([0]))
    rows = graph.add("Add", graph.add("Add", words, places), kind)
    rows = graph.norm(rows, "embeddings.LayerNorm", epsilon)
    rows = graph.add("Reshape", rows, graph.constant([-1, width]))
    by_text = graph.add("Concat", shape, graph.constant([width]), axis=0)
    mask = graph.add("Cast", "attention_mask", to=TensorProto.INT32)
    for layer in range(config["num_hidden_layers"]):
        prefix = f"encoder.layer.{layer}"
        parts = [
            graph.add("Reshape", graph.linear(rows, f"{prefix}.attention.self.{part}"), by_text)
            for part in ("query", "key", "value")
        ]
        attended = graph.add("MultiHeadAttention", *parts, "", mask, domain="com.microsoft", num_heads=heads)
        flat = graph.add("Reshape", attended, graph.constant([-1, width]))
        said = graph.add("Add", graph.linear(flat, f"{prefix}.attention.output.dense"), rows)
        rows = graph.norm(said, f"{prefix}.attention.output.LayerNorm", epsilon)
        inner = graph.add("Gelu", graph.linear(rows, f"{prefix}.intermediate.dense"))
        said = graph.add("Add", graph.linear(inner, f"{prefix}.output.dense"), rows)
        rows = graph.norm(said, f"{prefix}.output.LayerNorm", epsilon)
    graph.nodes.append(helper.make_node("Reshape", [rows, by_text], ["last_hidden_state"], name="last"))
    ids = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    out = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", width])
    made = helper.make_graph(graph.nodes, "bert", ids, [out], list(graph.initializers.values()))
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=10, producer_name="filemill")


if __name__ == "__main__":
    model = build(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
    Path(sys.argv[3]).write_bytes(model.SerializeToString(deterministic=True))
    print(f"{sys.argv[3]}: {Path(sys.argv[3]).stat().st_size} bytes, onnx {onnx.__version__}")
