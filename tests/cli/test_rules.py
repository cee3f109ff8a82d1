"""``srcad rules`` lists what is registered."""

from srcad.cli.main import main


def test_all_rules_are_listed_and_counted(capsys):
    from srcad.rules import rules

    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(rules()) + 1 and lines[-1] == f"{len(rules())} primitives"
    assert any(line.startswith("np.sum ") for line in lines)


def test_a_pattern_selects(capsys):
    assert main(["rules", "numpy.LINALG.*"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.startswith("np.linalg.") for line in lines)


def test_a_single_one_is_shown_with_its_templates(capsys):
    assert main(["rules", "np.transpose"]) == 0
    out = capsys.readouterr().out
    assert "def transpose(" in out and "numpy_shape.py:" in out


def test_nothing_found_is_code_2(capsys):
    assert main(["rules", "np.nothing_of_this_name"]) == 2
    assert capsys.readouterr() == ("", "srcad: error: no primitive is called 'np.nothing_of_this_name'\n")
