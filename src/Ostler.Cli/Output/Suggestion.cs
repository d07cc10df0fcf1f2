namespace Ostler.Cli.Output;

/// <summary>Finds the word that a mistyped one was probably meant to be.</summary>
internal static class Suggestion
{
    /// <summary>The known word that a mistyped one is nearest to; null when none is near.</summary>
    public static string? Closest(string name, IEnumerable<string> known)
    {
        var (best, least) = ((string?)null, int.MaxValue);
        foreach (var word in known)
        {
            var distance = string.Equals(word, name, StringComparison.OrdinalIgnoreCase) ? 0
                : Distance(name.ToLowerInvariant(), word.ToLowerInvariant());
            if (distance < least)
            {
                (best, least) = (word, distance);
            }
        }

        return least <= (name.Length < 4 ? 1 : Math.Max(2, name.Length / 3)) ? best : null;
    }

    // Levenshtein: how many letters must be added, removed or replaced.
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[other.Length];
    }
}
