using System.Globalization;

namespace Ostler.Machine.Power;

/// <summary>An entry of the boot loader's menu, of Type 1 of the Boot Loader Specification, as ostree writes them.</summary>
/// <param name="File">Its name, such as <c>ostree-2-machine.conf</c>.</param>
/// <param name="Title">For people.</param>
/// <param name="Version">What is preferred: the higher one.</param>
/// <param name="Linux">The kernel, from the root of the boot partition.</param>
/// <param name="Initrd">The initramfs, likewise.</param>
/// <param name="Options">The kernel's command line.</param>
internal sealed record BootEntry(string File, string Title, string Version, string Linux, string Initrd, string Options)
{
    /// <exception cref="InvalidDataException">It lacks what it takes to boot.</exception>
    public static BootEntry Parse(string file, string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line[0] != '#' && line.IndexOfAny([' ', '\t']) is > 0 and var at)
            {
                // options may be given more than once, and then count together.
                var (key, value) = (line[..at], line[at..].Trim());
                values[key] = key == "options" && values.TryGetValue(key, out var before) ? $"{before} {value}" : value;
            }
        }

        return new BootEntry(file, Get("title"), Get("version"), Get("linux"), Get("initrd"), Get("options"));

        string Get(string key) => values.GetValueOrDefault(key) ?? throw new InvalidDataException($"{file} has no {key}.");
    }

    /// <summary>
    /// What a boot loader that nobody interferes with takes: the highest version, and of equal ones the file that sorts last.
    /// </summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public static BootEntry Default(IEnumerable<BootEntry> entries) =>
        entries.OrderBy(e => e.Version, VersionOrder.Instance).ThenBy(e => e.File, VersionOrder.Instance).LastOrDefault()
        ?? throw new InvalidDataException("The boot loader has no entry.");
}

/// <summary>The order of versions: runs of digits are compared as numbers, everything else as text.</summary>
internal sealed class VersionOrder : IComparer<string>
{
    public static VersionOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var one = x.AsSpan();
        var other = y.AsSpan();
        while (one.Length > 0 && other.Length > 0)
        {
            var order = char.IsAsciiDigit(one[0]) && char.IsAsciiDigit(other[0])
                ? Number(ref one).CompareTo(Number(ref other))
                : Character(ref one).CompareTo(Character(ref other));
            if (order != 0)
            {
                return order;
            }
        }

        return one.Length.CompareTo(other.Length);
    }

    private static decimal Number(ref ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9') is >= 0 and var at ? at : text.Length;
        var number = decimal.Parse(text[..end], NumberStyles.None, CultureInfo.InvariantCulture);
        text = text[end..];
        return number;
    }

    private static char Character(ref ReadOnlySpan<char> text)
    {
        var character = text[0];
        text = text[1..];
        return character;
    }
}
