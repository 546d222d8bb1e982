"""Images of an answer become pictures beside the screen: a large one takes a second.

Knows who asks for one and who makes it; must not know how. One is made at a time, which bounds the memory.
"""

import threading
from functools import partial

from textual.message import Message
from textual.worker import get_current_worker

from sserec.tui.answer_pane import AnswerPane, Asked
from sserec.tui.desk import DeskBase
from sserec.tui.model.picture import CannotShow, Picture, picture


class Pictured(Message):
    """A picture is there, or why there is none."""

    def __init__(self, asked: Asked, made: Picture | str) -> None:
        super().__init__()
        self.asked, self.made = asked, made


class Picturing(DeskBase):
    """Makes what the answer's pane wants."""

    _turn = threading.Lock()

    def on_answer_pane_picturing(self, message: AnswerPane.Picturing) -> None:
        self.run_worker(partial(self._draw, message.asked), group="pictures", thread=True)

    def _draw(self, asked: Asked) -> None:
        with self._turn:
            if get_current_worker().is_cancelled:
                return
            try:
                made: Picture | str = picture(*asked)
            except CannotShow as fault:
                made = str(fault)
        self.post_message(Pictured(asked, made))

    def on_pictured(self, pictured: Pictured) -> None:
        self.answer.take_picture(pictured.asked, pictured.made)
