import random
import unittest
import xml.etree.ElementTree as ElementTree

from lab.timeline import Step, merged, spread, svg


class TimelineTest(unittest.TestCase):
    def test_labels_keep_their_distance_their_order_and_their_bounds(self) -> None:
        for seed in range(50):
            wanted = sorted(random.Random(seed).uniform(0, 300) for _ in range(14))
            places = spread(wanted, 20, 0, 300)
            self.assertEqual(len(wanted), len(places))
            self.assertGreaterEqual(places[0], -1e-6, f"seed {seed}")
            self.assertLessEqual(places[-1], 300 + 1e-6, f"seed {seed}")
            for upper, lower in zip(places, places[1:]):
                self.assertGreaterEqual(lower - upper, 20 - 1e-6, f"seed {seed}")

    def test_labels_with_room_stay_where_they_belong(self) -> None:
        self.assertEqual([10, 50, 90], spread([10, 50, 90], 20, 0, 100))

    def test_a_phase_said_again_is_drawn_once(self) -> None:
        steps = [Step(0, 1, "a", ""), Step(1, 1, "a", ""), Step(2, 10, "b", ""), Step(3, 5, "a", "")]
        self.assertEqual([1, 10], [step.percent for step in merged(steps)])

    def test_the_picture_is_well_formed_and_names_each_phase(self) -> None:
        steps = [Step(0.5, 10, "conn", "Connecting <&> \"x\""), Step(2.25, 100, "done", "Done")]
        picture = ElementTree.fromstring(svg(steps, "A & B", "below"))
        words = [element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")]
        for expected in ("A & B", "Connecting <&> \"x\"", "Done", "2.25 s", "100 %"):
            self.assertIn(expected, words)

    def test_the_picture_can_be_empty(self) -> None:
        ElementTree.fromstring(svg([], "nothing"))


if __name__ == "__main__":
    unittest.main()
