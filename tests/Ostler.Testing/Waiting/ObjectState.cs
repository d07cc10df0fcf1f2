using System.Text;
using System.Text.RegularExpressions;

namespace Ostler.Testing.Waiting;

/// <summary>
/// An object of the API without what changes although nothing happens: versions, moments, durations in messages, heartbeats.
/// </summary>
public static partial class ObjectState
{
    /// <param name="json">The object as it is sent.</param>
    public static string Of(ReadOnlySpan<byte> json) =>
        Duration().Replace(Moment().Replace(Versions().Replace(Encoding.UTF8.GetString(json), ""), "\"T\""), "D");

    [GeneratedRegex("""
        "(resourceVersion|generation)":"?[0-9]+"?,?
        """)]
    private static partial Regex Versions();

    [GeneratedRegex("""
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)"
        """)]
    private static partial Regex Moment();

    [GeneratedRegex(@"\b[0-9]+(\.[0-9]+)? ?(ms|s|m|h|min|seconds?|minutes?|hours?)\b|\b[0-9]{2}:[0-9]{2}(:[0-9]{2})?\b")]
    private static partial Regex Duration();
}
