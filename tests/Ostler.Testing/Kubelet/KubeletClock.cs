using System.Globalization;

namespace Ostler.Testing.Kubelet;

/// <summary>Times as the API writes them.</summary>
internal static class KubeletClock
{
    /// <summary>Whole seconds: what is finer is cut off by the API server, and every comparison would find a difference.</summary>
    public static DateTime Seconds(DateTimeOffset time) =>
        new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);

    /// <summary>A MicroTime has exactly six digits.</summary>
    public static string Micro(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
