"""A channel nobody has heard of: a kiosk in a shop, half of a person's attention.

Channels are data, so a new one needs no code in the library. Run it: python examples/kiosk.py
"""

from onechannel import Medium
from onechannel.testing import FakeCentre


def main() -> None:
    """Two kiosks fill one person; the third waits until there is room."""
    centre = FakeCentre()
    kiosk = centre.channel("kiosk", medium=Medium.VIDEO, real_time=True, load=50)
    tom = centre.worker("tom", skills={"keys": 1})

    visits = [centre.customer().starts(kiosk, about="keys") for _ in range(3)]
    for visit in tom.asked:
        tom.accepts(visit)
    print("served:", [visit.id for visit in visits if visit.worker == tom])
    print("waiting:", [visit.id for visit in visits if visit.state == "waiting"])

    tom.closes(visits[0])
    print("asked next:", [visit.id for visit in tom.asked])


if __name__ == "__main__":
    main()
