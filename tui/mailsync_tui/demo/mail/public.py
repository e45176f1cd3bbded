"""Letters from everywhere: other scripts, emoji, long lines; each is written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mailsync_tui.demo.mail.text import Flavour, Shape


class WorldLetter(NamedTuple):
    """A letter whose words stand fast."""

    sender: str
    address: str
    subject: str
    text: str
    shape: Shape = "text"


WORLD: dict[Flavour, tuple[WorldLetter, ...]] = {
    "private": (
        WorldLetter(
            "田中 美咲",
            "misaki@tanaka-ryokan.example",
            "ご予約の確認:京都、三泊",
            "Ann 様\n\nこの度はご予約をいただき、誠にありがとうございます。\n"
            "お部屋からは小さな庭がご覧になれます。お着きの時刻をお知らせください。\n\n田中旅館",
        ),
        WorldLetter(
            "Σοφία Παπαδοπούλου",
            "sofia@tachydromos.example",
            "Καλή χρονιά από τη Θεσσαλονίκη!",
            "Αγαπητή Ann,\n\nσου στέλνω την αγάπη μου και τη συνταγή για τη βασιλόπιτα.\n"
            "Φέτος το φλουρί το βρήκε η μικρή.\n\nΣοφία",
        ),
        WorldLetter(
            "Tove Lindqvist",
            "tove.lindqvist@posthus.example",
            "🎶🎄 Choir party on Thursday 🥳 who brings what?",
            "Hi all! 🎉\n\nSo far: 🍞 Jonas, 🧀 Hannah, 🥗 nobody (!!), 🍷 everybody.\n\nTove 💃",
        ),
        WorldLetter(
            "יעל כהן",
            "yael@doar.example",
            "תמונות מהטיול לירושלים",
            "שלום אן,\n\nהנה סוף סוף התמונות. איזה כיף היה!\n\nנשיקות, יעל",
        ),
        WorldLetter(
            "Oksana Шевченко",
            "oksana@poshta.example",
            "Рецепт борщу, як обіцяла",
            "Дорога Анно,\n\nбуряк запікай, а не вари. Решту знаєш.\n\nОбіймаю, Оксана",
        ),
        WorldLetter(
            "Yoga am Kanal",
            "kontakt@yoga-am-kanal.example",
            "🧘 Stundenplan für Jänner – neue Kurse, größere Matten",
            "<h2>Grüß Gott!</h2><p>Dienstags 18:30 jetzt auch für <b>Anfänger</b>.</p>"
            "<p>Matten gibt es genügend, Socken bitte selbst.</p>",
            "html",
        ),
    ),
    "work": (
        WorldLetter(
            "张伟",
            "zhang.wei@guangxue.example",
            "关于镜头样品的报价",
            "尊敬的 Bergström 女士:\n\n附上镜头样品的报价,交货期为六周。\n"
            "如有疑问,请随时联系。\n\n张伟",
        ),
        WorldLetter(
            "Noor Haddad",
            "noor.haddad@kestrel-optics.example",
            "مواعيد الزيارة في فبراير",
            "مرحباً آن،\n\nيناسبنا يوم الثلاثاء. سننتظركم في المختبر عند الساعة العاشرة.\n\nنور",
        ),
        WorldLetter(
            "김서연",
            "seoyeon.kim@gwanghak.example",
            "센서 보드 검토 결과",
            "안녕하세요 Ann,\n\n보드 C판은 통과했습니다. B판은 다시 만들어야 합니다.\n\n"
            "감사합니다.\n김서연",
        ),
        WorldLetter(
            "Deepa Nair",
            "deepa.nair@larkfield.example",
            "🚀 Tern 2.0 is out — thank you, नमस्ते और बधाई!",
            "All,\n\nTern 2.0 went out at 14:02. Zero alerts so far 🤞\n\nबहुत धन्यवाद,\nDeepa",
        ),
        WorldLetter(
            "Gareth Pugh",
            "gareth.pugh@larkfield.example",
            "[/tern] [bold] tags in the console log: who reads markup where none was written? "
            "(was: [Atlas] brackets in subjects, and why the parser should leave them alone)",
            "Ann,\n\nthe console eats everything in [square brackets]. It shows [red] as red.\n"
            "I suggest that we print what we were given.\n\nGareth",
        ),
        WorldLetter(
            "Tomás Herrera",
            "tomas.herrera@larkfield.example",
            "Reunión de mañana: ¿quién trae los números?",
            "Hola Ann:\n\n¿puedes traer tú los números de noviembre? Los míos están en el tren.\n\n"
            "Un abrazo,\nTomás",
        ),
    ),
    "old": (
        WorldLetter(
            "Иван Петров",
            "ivan@astro-pochta.example",
            "Продаю телескоп, состояние отличное",
            "Здравствуйте!\n\nТелескоп 150 мм, монтировка новая. Отдам в хорошие руки.\n\nИван",
        ),
        WorldLetter(
            "WIN-WIN Lotto",
            "winner@win-win-lotto.example",
            "💰💰 Annie, your €1,000,000 are waiting!!! 💰💰",
            "<h1>CONGRATULATIONS!</h1><p>Your address was drawn. Only a small <b>fee</b> is due "
            "before we can send your prize.</p>",
            "html",
        ),
        WorldLetter(
            "ดาว",
            "dao@khaoyai-orchids.example",
            "กล้วยไม้รุ่นใหม่มาแล้ว 🌸",
            "สวัสดีค่ะ Annie\n\nกล้วยไม้ที่คุณถามถึงออกดอกแล้ว สวยมากค่ะ\n\nดาว",
        ),
        WorldLetter(
            "Zoltán Kőműves",
            "zoltan@osztalytalalkozo.example",
            "Osztálytalálkozó: hűvös őrülő fűtőházban 😄",
            "Kedves Annie!\n\nAz étterem megvan, a kályha is. Gyere!\n\nZoli",
        ),
    ),
    "own": (),
    "bank": (),
}
