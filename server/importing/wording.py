"""Every answer about a workbook, in Chinese and in English: what is wrong, then what to do."""

from __future__ import annotations

from typing import Final

__all__ = ["FAULT_TEXTS", "NOTE_TEXTS"]

_FILE: Final[dict[str, dict[str, str]]] = {
    "file-missing": {
        "zh": "找不到 {name}。请检查文件名和所在文件夹。",
        "en": "{name} is not there. Check the name and the folder.",
    },
    "file-unreadable": {
        "zh": "没有权限打开 {name}。请先在表格软件里关闭它，或换一个位置另存。",
        "en": "{name} may not be opened. Close it in the spreadsheet program, or save a copy.",
    },
    "file-empty": {
        "zh": "文件是空的。请确认选对了文件。",
        "en": "The file is empty. Make sure that it is the right one.",
    },
    "file-damaged": {
        "zh": "文件已损坏，读不出来。请在表格软件里打开后另存为新的 .xlsx 再导入；"
        "打不开就找提供人重新要一份。",
        "en": "The file is damaged. Open it in a spreadsheet program and save it as a new .xlsx,"
        " or ask for another copy.",
    },
    "file-encrypted": {
        "zh": "文件设有密码，读不出来。请在表格软件里输入密码打开，取消密码后另存为 .xlsx 再导入。",
        "en": "The file has a password. Open it, remove the password, save it as .xlsx.",
    },
    "file-format": {
        "zh": "这个文件是{found}，不是 .xlsx 或 .csv。请在表格软件里用“另存为”存成 ."
        "xlsx 再导入（只改扩展名没有用）。",
        "en": "This is not .xlsx or .csv ({found}). Use “Save as” .xlsx; renaming does not help.",
    },
    "file-too-large": {
        "zh": "文件太大（{size_mb} MB，最多 {most_mb} MB）。请删去图片、多余的工作表和格式后另存。",
        "en": "The file is too large ({size_mb} MB, at most {most_mb}). Remove pictures, other"
        " sheets and formatting.",
    },
    "file-unpacks-too-large": {
        "zh": "文件解开后太大（超过 {most_mb} MB），为安全起见没有读。"
        "请新建一份工作簿，只把表格内容复制过去。",
        "en": "The file unpacks to more than {most_mb} MB and was not read. Copy the tables alone"
        " into a new workbook.",
    },
    "encoding-unknown": {
        "zh": "文字编码认不出来。请在表格软件里另存为“CSV UTF-8”或 .xlsx 再导入。",
        "en": "The text encoding is unknown. Save as “CSV UTF-8” or as .xlsx.",
    },
    "sheet-needed": {
        "zh": "看不出 {name} 是哪一张表。请把文件名改成表名（{sheets}），或加上 --sheet 表名。",
        "en": "{name} does not say which sheet it is. Name the file after the sheet ({sheets}),"
        " or add --sheet.",
    },
    "sheet-option-unknown": {
        "zh": "没有叫“{name}”的表。--sheet 可以写：{sheets}。",
        "en": "There is no sheet “{name}”. --sheet takes: {sheets}.",
    },
    "sheet-option-absent": {
        "zh": "文件里没有「{name}」表。请检查 --sheet，或检查工作表的名称。",
        "en": "The file has no sheet {name}. Check --sheet, or the names of the sheets.",
    },
    "no-sheets": {
        "zh": "没有认出任何一张表（看到的是：{found}）。工作表请命名为：{sheets}。"
        "可以先用 liandong organisation-template 生成模板。",
        "en": "No sheet was recognised (found: {found}). Name them: {sheets}."
        " `liandong organisation-template` makes a template.",
    },
    "county-needed": {
        "zh": "不知道是哪个县分公司。请在「网点」表加一列“县分公司”，或加上 --county 名称。",
        "en": "Which county branch is it? Add a column “county” to the outlets, or --county NAME.",
    },
}

_SHEET: Final[dict[str, dict[str, str]]] = {
    "sheet-twice": {
        "zh": "与「{other}」表是同一种表。请合并成一张。",
        "en": "is of the same kind as sheet {other}. Put them together.",
    },
    "rows-too-many": {
        "zh": "超过 {most} 行。请删去多余的空行（选中整行再删除），或分几次导入。",
        "en": "has more than {most} rows. Delete superfluous rows, or import in parts.",
    },
    "header-missing": {
        "zh": "前 {rows} 行里没有找到表头。表头至少要有：{columns}。",
        "en": "no header was found in the first {rows} rows. It needs at least: {columns}.",
    },
    "column-missing": {
        "zh": "缺少这一列。请加上（也可以写作：{aliases}）。",
        "en": "the column is missing. Add it (other names taken: {aliases}).",
    },
    "column-twice": {
        "zh": "这一列出现了两次（另一列是 {other} 列）。请留一列。",
        "en": "the column stands twice (also in {other}). Keep one.",
    },
    "sheet-empty": {
        "zh": "只有表头，没有内容，其他表也是。请填写后再导入。",
        "en": "has a header and nothing below, and so has every other. Fill them in.",
    },
}

_CELL: Final[dict[str, dict[str, str]]] = {
    "blank": {"zh": "没有填写。请补上。", "en": "is blank. Fill it in."},
    "formula-error": {
        "zh": "公式出错（{value}）。请改成正确的内容。",
        "en": "holds a formula's error ({value}). Put the value itself.",
    },
    "text-too-long": {
        "zh": "太长（{length} 个字，最多 {most} 个）。请缩短。",
        "en": "is too long ({length} characters, at most {most}). Shorten it.",
    },
    "character-forbidden": {
        "zh": "含有看不见的控制字符。请删除后重新输入。",
        "en": "holds an invisible control character. Type it anew.",
    },
    "number-form": {
        "zh": "“{value}”不是编号。编号只能有数字、字母和短横线，最多 20 位。",
        "en": "“{value}” is no number of this kind: digits, letters and hyphens, at most 20.",
    },
    "number-is-date": {
        "zh": "这里是一个日期，表格软件大概自动改过。请把这一列设为“文本”格式后重新输入编号。",
        "en": "holds a date; the spreadsheet has probably changed it. Format the column as text"
        " and type the number anew.",
    },
    "number-digits-lost": {
        "zh": "超过 15 位的数字，末尾几位已被表格软件改成 0。请把这一列设为“文本”格式后重新输入。",
        "en": "has more than 15 digits, the last ones lost by the spreadsheet. Format the column"
        " as text and type it anew.",
    },
    "zeros-lost": {
        "zh": "“{value}”比别的编号短，前面的 0 大概丢了（应为 {length} 位，可能是 "
        "{likely}）。请把这一列设为“文本”格式后重新输入；本来就这么短的，"
        "也请设为文本（CSV 里写成 ='{value}' 或在前面加单引号）。",
        "en": "“{value}” is shorter than the others ({length} digits): leading zeros were probably"
        " lost ({likely}?). Format the column as text and type it anew; if it is right, mark it as"
        " text all the same (in CSV: a leading apostrophe).",
    },
    "whole-form": {
        "zh": "“{value}”不是整数。请只填数字。",
        "en": "“{value}” is no whole number.",
    },
    "number-range": {
        "zh": "“{value}”不在 {least} 到 {most} 之间。请核对。",
        "en": "“{value}” is not between {least} and {most}.",
    },
    "money-form": {
        "zh": "“{value}”不是金额。请填以元计的数字，例如 25000 或 2.5万，最多两位小数。",
        "en": "“{value}” is no sum. Put yuan, such as 25000, with at most two decimals.",
    },
    "coordinate-form": {
        "zh": "“{value}”不是{axis}。请填十进制度数，例如 {example}。",
        "en": "“{value}” is no {axis}. Put decimal degrees such as {example}.",
    },
    "coordinate-half": {
        "zh": "经度、纬度要么都填，要么都不填。",
        "en": "latitude and longitude go together: both, or neither.",
    },
    "months-form": {
        "zh": "“{value}”不是月份。请写成 4-6、10-11 这样（跨年写 11-4，整年写 全年）。",
        "en": "“{value}” are no months. Write 4-6, 10-11 (11-4 runs over the new year).",
    },
    "months-is-date": {
        "zh": "这里被表格软件改成了日期（“4-6”会变成 4月6日）。"
        "请把这一列设为“文本”格式后重新输入。",
        "en": "the spreadsheet made a date of it (“4-6” becomes 6 April). Format the column as"
        " text and type it anew.",
    },
    "digits-form": {
        "zh": "“{value}”不是墟日。请写农历尾数，例如 1/4/7 或 逢三六九。",
        "en": "“{value}” are no market days. Write last lunar digits such as 1/4/7.",
    },
    "digits-is-date": {
        "zh": "这里被表格软件改成了日期（“1/4/7”会变成日期）。请把这一列设为“文本”格式后重新输入。",
        "en": "the spreadsheet made a date of it. Format the column as text and type it anew.",
    },
    "yes-no-form": {
        "zh": "“{value}”看不懂。请填 是 或 否。",
        "en": "“{value}” is not understood. Write yes or no.",
    },
    "left-form": {
        "zh": "“{value}”看不懂。请填离职日期，或 是、否。",
        "en": "“{value}” is not understood. Put the date of leaving, or yes or no.",
    },
    "role-unknown": {
        "zh": "没有“{value}”这个岗位。{near}可以填：{known}。",
        "en": "there is no post “{value}”. {near}Known: {known}.",
    },
    "need-unknown": {
        "zh": "没有“{value}”这种业务。可以填：{known}。",
        "en": "there is no need “{value}”. Known: {known}.",
    },
    "qualification-form": {
        "zh": "“{value}”看不懂。请写成“业务 到期日”，例如 保险 2027-06-30；多项用分号隔开。",
        "en": "“{value}” is not understood. Write need and expiry, such as 保险 2027-06-30;"
        " several with semicolons.",
    },
    "list-too-long": {
        "zh": "项目太多（{length} 项，最多 {most} 项）。请精简。",
        "en": "lists too much ({length}, at most {most}).",
    },
}

_BETWEEN: Final[dict[str, dict[str, str]]] = {
    "duplicate": {
        "zh": "“{value}”与第 {other} 行重复。请删去一行，或改正其中一个。",
        "en": "“{value}” stands in row {other} too. Remove one, or put one right.",
    },
    "outlet-unknown": {
        "zh": "没有编号或名称为“{value}”的网点。请与「网点」表核对。{near}",
        "en": "there is no outlet “{value}”. Compare the outlets. {near}",
    },
    "outlet-ambiguous": {
        "zh": "叫“{value}”的网点不止一个。请填网点编号。",
        "en": "several outlets are called “{value}”. Put the outlet number.",
    },
    "staff-unknown": {
        "zh": "没有工号或姓名为“{value}”的员工。请与「员工」表核对。{near}",
        "en": "there is nobody with number or name “{value}”. Compare the staff. {near}",
    },
    "staff-ambiguous": {
        "zh": "叫“{value}”的员工不止一个。请填工号。",
        "en": "several people are called “{value}”. Put the staff number.",
    },
    "staff-left": {
        "zh": "“{value}”已离职。请换成在职的人，或留空。",
        "en": "“{value}” has left. Name somebody in service, or leave it blank.",
    },
    "staff-post": {
        "zh": "“{value}”的岗位里没有{role}。请改人，或在「员工」表给他加上这个岗位。",
        "en": "“{value}” does not hold the post {role}. Name another, or add the post.",
    },
    "backup-self": {
        "zh": "备岗人不能是本人。请换一个人。",
        "en": "the backup is the same person. Name another.",
    },
    "village-unknown": {
        "zh": "没有叫“{value}”的村庄。请与「村庄」表核对。{near}",
        "en": "there is no village “{value}”. Compare the villages. {near}",
    },
    "village-ambiguous": {
        "zh": "叫“{value}”的村庄不止一个（{towns}）。请填镇名。",
        "en": "several villages are called “{value}” ({towns}). Fill in the town.",
    },
    "crop-unknown": {
        "zh": "没有叫“{value}”的作物。请与「作物」表核对。{near}",
        "en": "there is no crop “{value}”. Compare the crops. {near}",
    },
    "backup-not-manager": {
        "zh": "理财经理的备岗人“{value}”也必须是理财经理。请换一个人。",
        "en": "“{value}” is no wealth manager, as a wealth manager's backup must be.",
    },
    "round-two-postmen": {
        "zh": "段道“{round}”在第 {other} 行是另一位投递员（{value}）。"
        "一个段道只能有一位，临时顶班在应用里登记。",
        "en": "round “{round}” has another postman in row {other} ({value}). A round has one;"
        " cover is recorded in the app.",
    },
    "postman-without-round": {
        "zh": "填了投递员却没有填段道。请补上段道。",
        "en": "there is a postman but no round. Fill in the round.",
    },
    "days-order": {
        "zh": "到账最少天数（{least}）大于最多天数（{most}）。请核对。",
        "en": "the least cash days ({least}) exceed the most ({most}).",
    },
    "county-differs": {
        "zh": "“{value}”与别的行不是同一个县分公司（{other}）。一份工作簿只能有一个。",
        "en": "“{value}” is not the county branch of the other rows ({other}).",
    },
    "service-contradiction": {
        "zh": "“在职”与“离职”两列对不上。请改正一列。",
        "en": "the columns “in service” and “left” contradict each other.",
    },
    "profile-not-manager": {
        "zh": "只有理财经理才有资格到期日，这个人的岗位里没有理财经理。请删去，或补上岗位。",
        "en": "qualifications are a wealth manager's, and this person is none.",
    },
}

FAULT_TEXTS: Final = {**_FILE, **_SHEET, **_CELL, **_BETWEEN}
"""What stops an import, by slug and language."""

NOTE_TEXTS: Final[dict[str, dict[str, str]]] = {
    "sheet-ignored": {
        "zh": "「{sheet}」表不认识，没有读。",
        "en": "sheet {sheet} is unknown and was not read.",
    },
    "sheet-blank": {
        "zh": "「{sheet}」表没有内容，这方面保持不动。",
        "en": "sheet {sheet} is empty; what it is about stays as it is.",
    },
    "column-ignored": {
        "zh": "「{sheet}」表的“{column}”列不认识，没有读。",
        "en": "sheet {sheet}: column “{column}” is unknown and was not read.",
    },
    "missing-outlet": {
        "zh": "网点 {key} 不在这份工作簿里，保留不动。",
        "en": "outlet {key} is not in this workbook; kept as it is.",
    },
    "missing-staff": {
        "zh": "员工 {key} 不在这份工作簿里，保留在职。确已离职的，请在“离职”列填写后再导入。",
        "en": "{key} is not in this workbook; kept in service. Whoever has left: fill in “left”.",
    },
    "missing-village": {
        "zh": "村庄 {key} 不在这份工作簿里，保留不动。",
        "en": "village {key} is not in this workbook; kept as it is.",
    },
    "missing-crop": {
        "zh": "作物 {key} 不在这份工作簿里，保留不动。",
        "en": "crop {key} is not in this workbook; kept as it is.",
    },
    "missing-village-crop": {
        "zh": "村庄作物 {key} 不在这份工作簿里，保留不动。",
        "en": "village crop {key} is not in this workbook; kept as it is.",
    },
    "missing-market-day": {
        "zh": "{key} 的墟日不在这份工作簿里，保留不动。",
        "en": "the market days of {key} are not in this workbook; kept as they are.",
    },
    "leaves-later": {
        "zh": "{key} 的离职日期 {on} 还没到，暂时保留在职。到时请再导入一次。",
        "en": "{key} leaves on {on}, still to come; kept in service. Import again then.",
    },
    "left-but-responsible": {
        "zh": "{key} 已离职，但仍负责：{what}。请在「村庄」表换人后再导入。",
        "en": "{key} has left but is still responsible for {what}. Name somebody else there.",
    },
    "qualification-expired": {
        "zh": "{key} 的{need}资格已于 {on} 到期，不会再分到这类转介。",
        "en": "{key}: the qualification for {need} expired on {on}; no such leads are "
        "routed there.",
    },
    "qualification-ended": {
        "zh": "{key} 的{need}资格不在工作簿里了，自即日起失效。",
        "en": "{key}: the qualification for {need} is gone from the workbook and ends now.",
    },
    "manager-unqualified": {
        "zh": "理财经理 {key} 没有任何有效资格，分不到转介。",
        "en": "wealth manager {key} has no valid qualification and gets no leads.",
    },
    "outlet-headless": {
        "zh": "网点 {key} 没有在职的支局长，没人能审批积分。",
        "en": "outlet {key} has no branch head in service: nobody can approve points.",
    },
    "no-administrator": {
        "zh": "没有在职的县分公司管理员，没人能管理设备。",
        "en": "there is no administrator in service: nobody can manage devices.",
    },
    "village-unserved": {
        "zh": "村庄 {key} 没有理财经理，转介会进支局长的待分配队列。",
        "en": "village {key} has no wealth manager; its leads go to the branch head's queue.",
    },
}
"""What does not stop an import but should be known."""
