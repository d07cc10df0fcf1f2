using System.Text;

namespace Ostler.Testing.Hosts;

/// <summary>As much of a systemd unit file as it takes to start what its author wanted started.</summary>
internal sealed class UnitFile
{
    private readonly List<(string Key, string Value)> _settings = [];

    private UnitFile(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            var at = line.IndexOf('=', StringComparison.Ordinal);
            if (at > 0 && line[0] is not '#' and not ';')
            {
                _settings.Add((line[..at].Trim(), line[(at + 1)..].Trim()));
            }
        }
    }

    public static UnitFile Load(IEnumerable<string> folders, string unit)
    {
        var file = folders.Select(folder => Path.Combine(folder, unit)).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException($"There is no unit file {unit}.");
        return new UnitFile(File.ReadAllText(file).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'));
    }

    public string? Get(string key) => All(key) is [.., var last] ? last : null;

    /// <summary>Every value of a key; an empty one takes back those before it.</summary>
    public IReadOnlyList<string> All(string key)
    {
        var values = _settings.Where(setting => setting.Key == key).Select(setting => setting.Value).ToList();
        return values[(values.LastIndexOf("") + 1)..];
    }

    public IReadOnlyDictionary<string, string> Environment() => All("Environment")
        .SelectMany(Words)
        .Select(word => word.Split('=', 2))
        .Where(pair => pair.Length == 2)
        .GroupBy(pair => pair[0], StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Last()[1], StringComparer.Ordinal);

    /// <summary>Splits a command line at blanks, as systemd does, with its two kinds of quotes.</summary>
    public static IReadOnlyList<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (quote, inWord) = ('\0', false);
        foreach (var c in text)
        {
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (inWord)
                {
                    words.Add(word.ToString());
                }
                word.Clear();
                inWord = false;
                continue;
            }
            inWord = true;
            if (quote == '\0' && c is '"' or '\'')
            {
                quote = c;
            }
            else if (c == quote)
            {
                quote = '\0';
            }
            else
            {
                word.Append(c);
            }
        }
        if (inWord)
        {
            words.Add(word.ToString());
        }
        return words;
    }
}
