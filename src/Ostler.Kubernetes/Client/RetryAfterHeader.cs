using System.Net.Http.Headers;

namespace Ostler.Kubernetes.Client;

/// <summary>Reads how long a server asks to be left alone: seconds, or a date by the server's own clock.</summary>
public static class RetryAfterHeader
{
    /// <summary>
    /// No server is believed for longer: with more its clock or its units are wrong, and a wait that no timer can hold would end whoever
    /// waits.
    /// </summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <returns>From 0 to <see cref="Longest"/>; null when the server does not say, or says nothing that could be understood.</returns>
    /// <param name="headers">Of the answer.</param>
    /// <param name="now">Our own clock, for a server that sends a date and not its own.</param>
    public static TimeSpan? Read(HttpResponseHeaders headers, DateTimeOffset now) => headers.RetryAfter switch
    {
        { Delta: { } delta } => Bounded(delta, Longest),
        { Date: { } date } => Bounded(date - (headers.Date ?? now), Longest),
        _ => null,
    };

    internal static TimeSpan Bounded(TimeSpan wait, TimeSpan longest) => wait < TimeSpan.Zero ? TimeSpan.Zero : wait < longest ? wait : longest;
}
