"""A mistyped setting is refused with the name that was meant, and others' variables are not."""

from __future__ import annotations

import pytest

from streams.environment import UnknownSettingError, refuse_unknown_variables

SETTINGS = ["CALLMOOD_PORT", "CALLMOOD_KEEP_DAYS", "CALLMOOD_HOME"]


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("CALLMOOD_PROT", "CALLMOOD_PORT"),
        ("CALLMOOD_KEPT_DAYS", "CALLMOOD_KEEP_DAYS"),
        ("callmood_hom", "CALLMOOD_HOME"),
    ],
)
def test_the_nearest_setting_is_named(variable: str, meant: str) -> None:
    with pytest.raises(UnknownSettingError) as caught:
        refuse_unknown_variables([variable], SETTINGS)
    assert str(caught.value).startswith(f"{variable.upper()} is no setting ({meant}?): correct")


def test_every_unknown_one_is_named_at_once() -> None:
    with pytest.raises(UnknownSettingError, match=r"CALLMOOD_PROT .*; CALLMOOD_QQQ is no setting:"):
        refuse_unknown_variables(["CALLMOOD_PROT", "CALLMOOD_QQQ"], SETTINGS)


def test_settings_in_small_letters_and_everybody_else_s_variables_are_let_be() -> None:
    refuse_unknown_variables(
        ["callmood_port", "CALLMOOD_HOME", "PATH", "MY_CALLMOOD_PROT"], SETTINGS
    )


def test_what_kubernetes_tells_of_a_service_named_after_us_is_let_be() -> None:
    service = [
        "CALLMOOD_DESK_SERVICE_HOST",
        "CALLMOOD_DESK_SERVICE_PORT",
        "CALLMOOD_DESK_SERVICE_PORT_HTTP",
        "CALLMOOD_DESK_PORT",
        "CALLMOOD_DESK_PORT_8640_TCP",
        "CALLMOOD_DESK_PORT_8640_TCP_ADDR",
    ]
    refuse_unknown_variables(service, SETTINGS)
    with pytest.raises(UnknownSettingError, match="CALLMOOD_DESK_PORT"):
        refuse_unknown_variables(
            ["CALLMOOD_DESK_PORT"], SETTINGS
        )  # nothing says that it is a service's
