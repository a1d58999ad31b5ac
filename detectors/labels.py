"""The emotion taxonomy, once: labels, groups, topics, and how each corpus maps onto them."""

from __future__ import annotations

from enum import StrEnum


class Emotion(StrEnum):
    """What is expressed (an estimate, never what is felt). Order is the models' column order."""

    NEUTRAL = "neutral"
    JOY = "joy"
    ANGER = "anger"
    SADNESS = "sadness"
    FEAR = "fear"
    DISGUST = "disgust"
    SURPRISE = "surprise"
    BOREDOM = "boredom"


EMOTIONS: tuple[Emotion, ...] = tuple(Emotion)

NEGATIVE: frozenset[Emotion] = frozenset(
    {Emotion.ANGER, Emotion.SADNESS, Emotion.FEAR, Emotion.DISGUST},
)
"""What makes a mood strained. Surprise and boredom count neither way."""


CIRCUMPLEX: dict[Emotion, tuple[float, float]] = {
    Emotion.NEUTRAL: (0.0, 0.0),
    Emotion.JOY: (0.76, 0.48),
    Emotion.ANGER: (-0.51, 0.59),
    Emotion.SADNESS: (-0.63, -0.27),
    Emotion.FEAR: (-0.64, 0.60),
    Emotion.DISGUST: (-0.60, 0.35),
    Emotion.SURPRISE: (0.0, 0.67),
    Emotion.BOREDOM: (-0.65, -0.62),
}
"""Pleasure and arousal of each emotion, -1 to 1 (Russell and Mehrabian, 1977, table of terms).

Their "surprised" is a little pleasant (.40); in a call it goes either way, so here it is neither.
"""


class Topic(StrEnum):
    """What a line's words are about, where that alone may need the manual."""

    ABUSE = "abuse"
    SEXUAL_HARASSMENT = "sexual_harassment"
    THREAT = "threat"
    SELF_HARM = "self_harm"
    REGULATOR = "regulator"
    CANCELLATION = "cancellation"
    CONFUSION = "confusion"
    CALL_FOR_ANOTHER = "call_for_another"
    DEBT_WORRIES = "debt_worries"
    LOST_CARD = "lost_card"
    MISTAKEN_TRANSFER = "mistaken_transfer"
    UNKNOWN_CHARGE = "unknown_charge"
    BEREAVEMENT = "bereavement"
    LOAN_SCAM = "loan_scam"
    VOICE_PHISHING = "voice_phishing"
    ACCIDENT_NOW = "accident_now"
    CLAIM_DENIED = "claim_denied"
    MIS_SELLING = "mis_selling"
    SERIOUS_ILLNESS = "serious_illness"
    DATA_LEAK = "data_leak"
    LATE_DELIVERY = "late_delivery"
    PRODUCT_INJURY = "product_injury"
    REFUND_REFUSED = "refund_refused"


TOPICS_BY_WORDING: frozenset[Topic] = frozenset(
    {
        Topic.CALL_FOR_ANOTHER, Topic.DEBT_WORRIES, Topic.LOST_CARD, Topic.MISTAKEN_TRANSFER,
        Topic.UNKNOWN_CHARGE, Topic.BEREAVEMENT, Topic.LOAN_SCAM, Topic.VOICE_PHISHING,
        Topic.ACCIDENT_NOW, Topic.CLAIM_DENIED, Topic.MIS_SELLING, Topic.SERIOUS_ILLNESS,
        Topic.DATA_LEAK, Topic.LATE_DELIVERY, Topic.PRODUCT_INJURY, Topic.REFUND_REFUSED,
    }
)  # fmt: skip
"""Topics without a word list: the text detector names them by a line's wording as a whole, and
the phrases for them stand in the playbooks."""


KOTE: tuple[str, ...] = (
    "불평/불만", "환영/호의", "감동/감탄", "지긋지긋", "고마움", "슬픔", "화남/분노", "존경",
    "기대감", "우쭐댐/무시함", "안타까움/실망", "비장함", "의심/불신", "뿌듯함", "편안/쾌적",
    "신기함/관심", "아껴주는", "부끄러움", "공포/무서움", "절망", "한심함", "역겨움/징그러움",
    "짜증", "어이없음", "없음", "패배/자기혐오", "귀찮음", "힘듦/지침", "즐거움/신남", "깨달음",
    "죄책감", "증오/혐오", "흐뭇함(귀여움/예쁨)", "당황/난처", "경악", "부담/안_내킴", "서러움",
    "재미없음", "불쌍함/연민", "놀람", "행복", "불안/걱정", "기쁨", "안심/신뢰",
)  # fmt: skip
"""The 44 labels of KOTE (Jeon et al., 2022), in the corpus's order."""

GOEMOTIONS: tuple[str, ...] = (
    "admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion",
    "curiosity", "desire", "disappointment", "disapproval", "disgust", "embarrassment",
    "excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism",
    "pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral",
)  # fmt: skip
"""The 28 labels of GoEmotions (Demszky et al., 2020), in the corpus's order."""

KOTE_EMOTIONS: dict[Emotion, tuple[str, ...]] = {
    Emotion.NEUTRAL: ("없음",),
    Emotion.JOY: (
        "환영/호의", "감동/감탄", "고마움", "존경", "기대감", "뿌듯함", "편안/쾌적", "아껴주는",
        "즐거움/신남", "흐뭇함(귀여움/예쁨)", "행복", "기쁨", "안심/신뢰",
    ),
    Emotion.ANGER: ("불평/불만", "지긋지긋", "화남/분노", "짜증", "어이없음", "증오/혐오"),
    Emotion.SADNESS: (
        "슬픔", "안타까움/실망", "절망", "패배/자기혐오", "힘듦/지침", "죄책감", "서러움",
        "불쌍함/연민",
    ),
    Emotion.FEAR: ("공포/무서움", "불안/걱정"),
    Emotion.DISGUST: ("우쭐댐/무시함", "한심함", "역겨움/징그러움"),
    Emotion.SURPRISE: ("신기함/관심", "깨달음", "당황/난처", "경악", "놀람"),
    Emotion.BOREDOM: ("귀찮음", "재미없음"),
}  # fmt: skip
"""KOTE's labels by what they express. Contempt counts as disgust, as Ekman has it near.

비장함 (resolve), 의심/불신 (distrust), 부끄러움 (shame) and 부담/안_내킴 (reluctance) express
none of ours clearly and count for nothing.
"""

GOEMOTIONS_EMOTIONS: dict[Emotion, tuple[str, ...]] = {
    Emotion.NEUTRAL: ("neutral",),
    Emotion.JOY: (
        "admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude",
        "joy", "love", "optimism", "pride", "relief",
    ),
    Emotion.ANGER: ("anger", "annoyance", "disapproval"),
    Emotion.SADNESS: ("disappointment", "embarrassment", "grief", "remorse", "sadness"),
    Emotion.FEAR: ("fear", "nervousness"),
    Emotion.DISGUST: ("disgust",),
    Emotion.SURPRISE: ("confusion", "curiosity", "realization", "surprise"),
}  # fmt: skip
"""GoEmotions' labels by the grouping of its authors after Ekman (their appendix). No boredom."""

RAVDESS_EMOTIONS: dict[str, Emotion | None] = {
    "01": Emotion.NEUTRAL, "02": Emotion.NEUTRAL, "03": Emotion.JOY, "04": Emotion.SADNESS,
    "05": Emotion.ANGER, "06": Emotion.FEAR, "07": Emotion.DISGUST, "08": Emotion.SURPRISE,
}  # fmt: skip
"""RAVDESS by the third field of its file names (Livingstone and Russo, 2018). 02, calm, counts as
neutral: a second baseline, by its authors."""

CREMA_D_EMOTIONS: dict[str, Emotion | None] = {
    "NEU": Emotion.NEUTRAL, "HAP": Emotion.JOY, "ANG": Emotion.ANGER, "SAD": Emotion.SADNESS,
    "FEA": Emotion.FEAR, "DIS": Emotion.DISGUST,
}  # fmt: skip
"""CREMA-D by the third field of its file names (Cao et al., 2014): what was to be acted."""

EMODB_EMOTIONS: dict[str, Emotion | None] = {
    "N": Emotion.NEUTRAL, "F": Emotion.JOY, "W": Emotion.ANGER, "T": Emotion.SADNESS,
    "A": Emotion.FEAR, "E": Emotion.DISGUST, "L": Emotion.BOREDOM,
}  # fmt: skip
"""EmoDB by the sixth letter of its file names, from the German words (Burkhardt et al., 2005)."""

IEMOCAP_EMOTIONS: dict[str, Emotion | None] = {
    "neu": Emotion.NEUTRAL, "hap": Emotion.JOY, "exc": Emotion.JOY, "ang": Emotion.ANGER,
    "fru": Emotion.ANGER, "sad": Emotion.SADNESS, "fea": Emotion.FEAR, "dis": Emotion.DISGUST,
    "sur": Emotion.SURPRISE, "oth": None, "xxx": None,
}  # fmt: skip
"""IEMOCAP's categories (Busso et al., 2008). Excitement counts as joy, as in the literature;
frustration as anger, as annoyance does in the two text corpora above. xxx: no agreement."""

AIHUB_EMOTIONS: dict[str, Emotion | None] = {
    "neutral": Emotion.NEUTRAL, "happiness": Emotion.JOY, "happy": Emotion.JOY,
    "angry": Emotion.ANGER, "anger": Emotion.ANGER, "sadness": Emotion.SADNESS,
    "sad": Emotion.SADNESS, "fear": Emotion.FEAR, "disgust": Emotion.DISGUST,
    "surprise": Emotion.SURPRISE,
}  # fmt: skip
"""AI-Hub's dialogue speech for emotion classification, in all spellings of its three tables."""

KEMDY_EMOTIONS: dict[str, Emotion | None] = {
    "neutral": Emotion.NEUTRAL, "happy": Emotion.JOY, "angry": Emotion.ANGER,
    "sad": Emotion.SADNESS, "fear": Emotion.FEAR, "disgust": Emotion.DISGUST,
    "disqust": Emotion.DISGUST, "surprise": Emotion.SURPRISE,
}  # fmt: skip
"""KEMDy19 and KEMDy20 (Noh and Jeong, ETRI). ``disqust`` is the corpus's own spelling."""
