using System.Globalization;

namespace Ostler.Cli.Output;

/// <summary>How ages, numbers and shares are written.</summary>
internal static class Format
{
    /// <summary>
    /// As kubectl writes ages: <c>45s</c>, <c>5m10s</c>, <c>45m</c>, <c>3h12m</c>, <c>30h</c>, <c>4d</c>. Never negative: clocks differ.
    /// </summary>
    public static string Span(TimeSpan span) => span switch
    {
        _ when span < TimeSpan.FromSeconds(1) => "0s",
        _ when span < TimeSpan.FromMinutes(2) => string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalSeconds}s"),
        _ when span < TimeSpan.FromMinutes(10) => Two(span.Minutes, "m", span.Seconds, "s"),
        _ when span < TimeSpan.FromHours(3) => string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalMinutes}m"),
        _ when span < TimeSpan.FromHours(8) => Two((long)span.TotalHours, "h", span.Minutes, "m"),
        _ when span < TimeSpan.FromHours(48) => string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalHours}h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalDays}d"),
    };

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Ten parts to a hundred wide, in ASCII, since logs and fonts are what they are.</summary>
    public static string Bar(int done, int total, int width = 30)
    {
        var filled = total <= 0 ? 0 : (int)((long)Math.Clamp(done, 0, total) * width / total);
        return $"[{new string('#', filled)}{new string('.', width - filled)}]";
    }

    /// <summary>Rounded down, so that 100% means all.</summary>
    public static string Percent(int done, int total) => total <= 0 ? "-" : $"{Number((long)Math.Clamp(done, 0, total) * 100 / total)}%";

    private static string Two(long large, string unit, long small, string smallUnit) =>
        small == 0 ? $"{Number(large)}{unit}" : $"{Number(large)}{unit}{Number(small)}{smallUnit}";
}
