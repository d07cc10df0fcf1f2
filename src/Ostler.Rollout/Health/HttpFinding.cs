using System.Globalization;
using System.Text;

namespace Ostler.Rollout.Health;

/// <summary>What the answer to an HTTP check says.</summary>
public static class HttpFinding
{
    /// <summary>How much of a body stands in a message: enough for a sentence, too little for a page.</summary>
    public const int MaxWords = 200;

    public static CheckFinding Of(Uri uri, int code, string? phrase, ReadOnlySpan<byte> body)
    {
        var answer = string.Create(CultureInfo.InvariantCulture, $"GET {Shown(uri)} answers {code}{(string.IsNullOrEmpty(phrase) ? "" : $" {phrase}")}");
        var words = Trim(Encoding.UTF8.GetString(body));
        return code switch
        {
            >= 200 and < 300 => CheckFinding.Pass(answer),
            >= 300 and < 400 => CheckFinding.No($"{answer}: more than 5 redirects, or one from https to http"),
            _ => CheckFinding.No(words.Length == 0 ? answer : $"{answer}: \"{words}\""),
        };
    }

    /// <summary>A URL as messages have it: its query may hold what is nobody's business.</summary>
    public static string Shown(Uri uri) => uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>A server's words on one line, cut, without what would move a terminal's cursor.</summary>
    public static string Trim(string words)
    {
        var shown = new StringBuilder(MaxWords);
        foreach (var c in words)
        {
            if (shown.Length == MaxWords)
            {
                return shown.Append('…').ToString();
            }

            if (!char.IsControl(c) && !char.IsWhiteSpace(c))
            {
                shown.Append(c);
            }
            else if (shown.Length > 0 && shown[^1] != ' ')
            {
                shown.Append(' ');
            }
        }

        return shown.ToString().TrimEnd();
    }
}
