using System.Globalization;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>A version of ostree, and what it can do.</summary>
internal readonly record struct OstreeVersion(int Year, int Number) : IComparable<OstreeVersion>
{
    /// <summary><c>ostree admin set-default</c>: reorders deployments without laying one down.</summary>
    public bool HasSetDefault => this >= new OstreeVersion(2023, 6);

    /// <summary><c>ostree admin lock-finalization</c>. Before it, a file in /run is the lock, and all there is to it.</summary>
    public bool HasLockFinalization => this >= new OstreeVersion(2023, 8);

    /// <summary><c>ostree admin status --skip-signatures</c>.</summary>
    public bool HasSkipSignatures => this >= new OstreeVersion(2024, 1);

    /// <summary><c>ostree admin status --json</c>.</summary>
    public bool HasJsonStatus => this >= new OstreeVersion(2025, 3);

    /// <summary>
    /// <c>ostree admin prepare-soft-reboot</c> that can be relied on. It exists since 2025.3, and before 2026.1 stalls in /var or loses
    /// /sysroot and /boot.
    /// </summary>
    public bool HasSoftReboot => this >= new OstreeVersion(2026, 1);

    public static bool operator <(OstreeVersion left, OstreeVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(OstreeVersion left, OstreeVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(OstreeVersion left, OstreeVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(OstreeVersion left, OstreeVersion right) => left.CompareTo(right) >= 0;

    public int CompareTo(OstreeVersion other) => (Year, Number).CompareTo((other.Year, other.Number));

    /// <summary>Reads what <c>ostree --version</c> prints: YAML with a line <c>Version: '2022.7'</c>. Null when it is not there.</summary>
    public static OstreeVersion? Parse(string output)
    {
        foreach (var line in output.AsSpan().EnumerateLines())
        {
            var text = line.Trim();
            if (!text.StartsWith("Version:"))
            {
                continue;
            }

            var version = text["Version:".Length..].Trim(" '\"");
            var dot = version.IndexOf('.');
            if (dot > 0
                && int.TryParse(version[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var year)
                && int.TryParse(Digits(version[(dot + 1)..]), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return new OstreeVersion(year, number);
            }
        }

        return null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Year}.{Number}");

    /// <summary>The digits in front: distributions and development builds append to the number.</summary>
    private static ReadOnlySpan<char> Digits(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text : text[..end];
    }
}
