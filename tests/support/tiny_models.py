"""Models of a few kilobytes that the tests build: real ONNX graphs, random or hand-set weights, run by the real runtime."""

import json
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "invoice", "total", "mountain", "river", "##s", ".", "the", "of")
WIDTH = 8


def tokenizer() -> bytes:
    """A `tokenizer.json` with a dozen words."""
    described = {
        "normalizer": {
            "type": "BertNormalizer",
            "lowercase": True,
            "strip_accents": None,
            "handle_chinese_chars": True,
        },
        "model": {"type": "WordPiece", "vocab": {word: at for at, word in enumerate(WORDS)}, "unk_token": "[UNK]"},
    }
    return json.dumps(described).encode()


def encoder(seed: int = 1) -> bytes:
    """Each token to its row of a random table: enough to tell texts apart."""
    table = np.random.default_rng(seed).standard_normal((len(WORDS), WIDTH), dtype=np.float32)
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])]
    return _model(nodes, [("input_ids", TensorProto.INT64, ["b", "t"]), ("attention_mask", TensorProto.INT64, ["b", "t"])],
                  [("last_hidden_state", ["b", "t", WIDTH])], {"table": table})  # fmt: skip


def encoder_that_eats_memory() -> bytes:
    """As `encoder`, but a text of more than eight tokens makes it ask for 64 GiB."""
    table = np.random.default_rng(1).standard_normal((len(WORDS), WIDTH), dtype=np.float32)
    nodes = [
        helper.make_node("Shape", ["input_ids"], ["shape"], start=1, end=2),
        helper.make_node("Greater", ["shape", "eight"], ["is_long"]),
        helper.make_node("Where", ["is_long", "huge", "small"], ["extent"]),
        helper.make_node("ConstantOfShape", ["extent"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["nothing"], keepdims=0),
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Add", ["rows", "nothing"], ["last_hidden_state"]),
    ]
    values = {"table": table, "eight": np.array([8]), "huge": np.array([1 << 34]), "small": np.array([1])}
    return _model(nodes, [("input_ids", TensorProto.INT64, ["b", "t"]), ("attention_mask", TensorProto.INT64, ["b", "t"])],
                  [("last_hidden_state", ["b", "t", WIDTH])], values)  # fmt: skip


def detector() -> bytes:
    """Two boxes by hand: class 1 where a picture is bright, surer the brighter; class 0 never."""
    nodes = [
        helper.make_node("ReduceMean", ["pixel_values", "axes"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "gain"], ["strong"]),
        helper.make_node("Add", ["strong", "bias"], ["sure"]),
        helper.make_node("Reshape", ["sure", "as_logits"], ["one"]),
        helper.make_node("Mul", ["one", "per_class"], ["scaled"]),
        helper.make_node("Add", ["scaled", "per_class_bias"], ["logits"]),
        helper.make_node("Reshape", ["mean", "as_logits"], ["shape_of"]),
        helper.make_node("Mul", ["shape_of", "zero"], ["no"]),
        helper.make_node("Add", ["no", "boxes"], ["pred_boxes"]),
    ]
    values = {
        "axes": np.array([1, 2, 3]), "gain": np.float32(20), "bias": np.float32(-10), "as_logits": np.array([-1, 1, 1]),
        "per_class": np.array([[[0, 1], [0, 0]]], np.float32), "per_class_bias": np.array([[[-9, 0], [-9, -9]]], np.float32),
        "zero": np.float32(0), "boxes": np.array([[[0.5, 0.5, 0.5, 0.25], [0.1, 0.1, 0.4, 0.4]]], np.float32),
    }  # fmt: skip
    return _model(nodes, [("pixel_values", TensorProto.FLOAT, ["b", 3, 16, 16])],
                  [("logits", ["b", 2, 2]), ("pred_boxes", ["b", 2, 4])], values)  # fmt: skip


DETECTOR_SETTINGS = 'labels = ["cat", "lamp"]\nwidth_px = 16\nheight_px = 16\nscores = "sigmoid"\nthreshold = 0.5'


def _model(nodes: list[Any], inputs: list[Any], outputs: list[Any], values: dict[str, Any]) -> bytes:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())
