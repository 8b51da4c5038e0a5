"""Tiny models of PyTorch that the tests build: real classes of transformers, random weights, a tokenizer of a dozen words."""

import tempfile
from pathlib import Path
from typing import Any

WORDS = (
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "invoice",
    "total",
    "anna",
    "berlin",
    "river",
    "a",
    "is",
    "this",
    ".",
    "##s",
)
CLASSES = (
    'sentence = "This is {}."\n[settings.classes]\ninvoice = "an invoice"\nletter = "a letter"\nreport = "a report"'
)


def tokenizer() -> Any:
    """Words of BERT's kind, with places."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip


def text_model(kind: str, labels: tuple[str, ...], bias: tuple[float, ...] | None = None) -> Any:
    """A DistilBERT of one layer. `bias`: it always says this, whatever it reads."""
    import torch
    import transformers

    torch.manual_seed(7)
    config = transformers.DistilBertConfig(
        vocab_size=len(WORDS), dim=16, n_layers=1, n_heads=2, hidden_dim=32, max_position_embeddings=32,
        id2label=dict(enumerate(labels)), label2id={name: at for at, name in enumerate(labels)},
    )  # fmt: skip
    model = getattr(transformers, kind)(config).eval()
    if bias is not None:
        torch.nn.init.zeros_(model.classifier.weight)
        model.classifier.bias.data = torch.tensor(bias)
    return model


def detr() -> tuple[Any, Any]:
    """A DETR over a ResNet of a few channels, and what makes numbers of pictures for it."""
    import torch
    import transformers
    from transformers.models.detr.image_processing_pil_detr import DetrImageProcessorPil

    torch.manual_seed(7)
    backbone = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 8, 8], depths=[1, 1, 1, 1], layer_type="basic", out_features=["stage4"]
    )
    config = transformers.DetrConfig(
        use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=backbone, d_model=16,
        encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=16,
        decoder_ffn_dim=16, num_queries=5, id2label={0: "cat", 1: "lamp"}, label2id={"cat": 0, "lamp": 1},
    )  # fmt: skip
    return transformers.DetrForObjectDetection(config).eval(), DetrImageProcessorPil(
        size={"shortest_edge": 32, "longest_edge": 48}
    )


def rt_detr() -> tuple[Any, Any]:
    """An RT-DETR of the smallest sizes it takes."""
    import torch
    import transformers
    from transformers.models.rt_detr.image_processing_pil_rt_detr import RTDetrImageProcessorPil

    torch.manual_seed(7)
    backbone = transformers.RTDetrResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 8, 8], depths=[1, 1, 1, 1], layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )  # fmt: skip
    config = transformers.RTDetrConfig(
        backbone_config=backbone, encoder_hidden_dim=16, encoder_in_channels=[8, 8, 8], encoder_layers=1,
        encoder_ffn_dim=16, encoder_attention_heads=2, d_model=16, num_queries=5, decoder_in_channels=[16, 16, 16],
        decoder_layers=1, decoder_ffn_dim=16, decoder_attention_heads=2, decoder_n_points=2,
        id2label={0: "cat", 1: "lamp"}, label2id={"cat": 0, "lamp": 1},
    )  # fmt: skip
    return transformers.RTDetrForObjectDetection(config).eval(), RTDetrImageProcessorPil(
        size={"height": 64, "width": 64}
    )


def blip() -> tuple[Any, Any]:
    """A BLIP that has a dozen words."""
    import torch
    import transformers
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    torch.manual_seed(7)
    text = {
        "vocab_size": len(WORDS), "hidden_size": 16, "encoder_hidden_size": 16, "intermediate_size": 16, "projection_dim": 16,
        "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 40, "bos_token_id": 2,
        "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0,
    }  # fmt: skip
    vision = {
        "hidden_size": 16, "intermediate_size": 16, "projection_dim": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
        "image_size": 32, "patch_size": 16,
    }  # fmt: skip
    config = transformers.BlipConfig(text_config=text, vision_config=vision, projection_dim=16)
    return transformers.BlipForConditionalGeneration(config).eval(), BlipImageProcessorPil(
        size={"height": 32, "width": 32}
    )


def saved(*parts: Any) -> dict[str, bytes]:
    """The files that transformers writes of these, by name."""
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            part.save_pretrained(folder)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
