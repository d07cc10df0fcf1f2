using System.Globalization;

namespace Ostler.Rollout.Health;

public sealed partial class JsonPath
{
    /// <summary>Reads a path character by character; the first thing that is not understood ends it.</summary>
    private sealed class Reader(string text)
    {
        private int _at;

        public string? Problem { get; private set; }

        public List<Step> Steps(bool nested)
        {
            var steps = new List<Step>();
            if (Peek is '$' or '@')
            {
                _at++;
            }

            while (Problem is null && _at < text.Length && !(nested && Peek is ')' or ' ' or '=' or '!'))
            {
                switch (Peek)
                {
                    case '.' when At(_at + 1) == '.':
                        Fail("..", "recursive descent is not supported: name the fields one by one");
                        break;
                    case '.' when At(_at + 1) == '[':
                        _at++;
                        break;
                    case '.':
                        _at++;
                        AddField(steps, nested);
                        break;
                    case '[':
                        AddBracket(steps, nested);
                        break;
                    default:
                        Fail(text[_at..], "a field begins with a dot, as in {.status.phase}");
                        break;
                }
            }

            return steps;
        }

        private char? Peek => At(_at);

        private char? At(int index) => index < text.Length ? text[index] : null;

        private void AddField(List<Step> steps, bool nested)
        {
            var name = new System.Text.StringBuilder();
            while (Peek is { } c && c is not ('.' or '[' or ']') && !(nested && c is ')' or ' ' or '=' or '!'))
            {
                if (c == '\\' && At(_at + 1) is { } escaped)
                {
                    _at++;
                    c = escaped;
                }
                else if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '/' or '*'))
                {
                    // Taken for a part of the name, an operator that is not known would make a condition that never holds.
                    Fail(text[_at..], "only == and != are supported; a name with other characters than letters, digits, _, - and / is quoted, as in ['a b']");
                    return;
                }

                name.Append(c);
                _at++;
            }

            if (name.Length == 0)
            {
                Fail(text[_at..], "a dot is followed by the name of a field");
            }
            else
            {
                steps.Add(name.ToString() == "*" ? new Step.All() : new Step.Field(name.ToString()));
            }
        }

        private void AddBracket(List<Step> steps, bool nested)
        {
            if (At(_at + 1) == '?')
            {
                if (nested)
                {
                    Fail(text[_at..], "a filter inside a filter is not supported");
                    return;
                }

                AddFilter(steps);
                return;
            }

            if (At(_at + 1) is '\'' or '"')
            {
                _at++;
                if (Quoted() is { } name && Expect(']'))
                {
                    steps.Add(new Step.Field(name));
                }

                return;
            }

            var end = text.IndexOf(']', _at);
            var inner = end < 0 ? "" : text[(_at + 1)..end].Trim();
            if (inner == "*")
            {
                steps.Add(new Step.All());
            }
            else if (int.TryParse(inner, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
            {
                steps.Add(new Step.Item(index));
            }
            else
            {
                Fail(text[_at..], "brackets hold a number, *, a quoted name or a filter ?(@.field==\"value\"); slices and unions are not supported");
                return;
            }

            _at = end + 1;
        }

        private void AddFilter(List<Step> steps)
        {
            _at += 2;
            if (!Expect('('))
            {
                return;
            }

            Blanks();
            if (Peek != '@')
            {
                Fail(text[_at..], "a filter begins with the item, as in ?(@.type==\"Ready\")");
                return;
            }

            var path = Steps(nested: true);
            Blanks();
            var negated = Peek == '!';
            string? literal = null;
            if (Problem is null && Peek is '=' or '!')
            {
                _at++;
                literal = Expect('=') ? Literal() : null;
                Blanks();
            }

            if (Problem is null && Expect(')') && Expect(']'))
            {
                steps.Add(new Step.Filter(path, literal, negated));
            }
        }

        private string? Literal()
        {
            Blanks();
            if (Peek is '\'' or '"')
            {
                return Quoted();
            }

            var from = _at;
            while (Peek is { } c && c is not (')' or ' '))
            {
                _at++;
            }

            var word = text[from.._at];
            if (word is "true" or "false" || decimal.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            {
                return word;
            }

            Fail(word, "a filter compares with a quoted text, a number, true or false");
            return null;
        }

        private string? Quoted()
        {
            var quote = text[_at++];
            var value = new System.Text.StringBuilder();
            while (Peek is { } c && c != quote)
            {
                if (c == '\\' && At(_at + 1) is { } escaped)
                {
                    _at++;
                    c = escaped;
                }

                value.Append(c);
                _at++;
            }

            return Expect(quote) ? value.ToString() : null;
        }

        private bool Expect(char c)
        {
            if (Peek == c)
            {
                _at++;
                return true;
            }

            Fail(_at < text.Length ? text[_at..] : "its end", $"{c} is missing");
            return false;
        }

        private void Blanks()
        {
            while (Peek == ' ')
            {
                _at++;
            }
        }

        private void Fail(string where, string why) => Problem ??= $"is not understood at {where}: {why}";
    }
}
