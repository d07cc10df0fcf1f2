using System.Globalization;

namespace Ostler.Api.Meta;

/// <summary>Times as metav1.Time writes them: RFC 3339 in UTC with whole seconds.</summary>
public static class Timestamp
{
    public static string Format(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
