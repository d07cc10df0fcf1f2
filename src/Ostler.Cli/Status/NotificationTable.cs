using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;

namespace Ostler.Cli.Status;

/// <summary>Who was told what, the newest last.</summary>
internal static class NotificationTable
{
    public static TextTable Of(IReadOnlyList<NotificationStatus> notifications, DateTimeOffset now)
    {
        var table = new TextTable("RECEIVER", "EVENT", "AT", "STATE", "TRIES", "NEXT", "MESSAGE");
        foreach (var told in notifications)
        {
            // What was delivered in the end says so, however often it failed before.
            var failed = told.State != NotificationState.Delivered && told.Error is not null;
            table.Add(
                failed ? Tone.Attention : Tone.Plain, told.Receiver, told.Event.ToString(), $"{Format.Span(now - told.At)} ago", told.State.ToString(),
                told.Failures > 0 ? $"{Format.Number(told.Failures)} failed" : null, told.State == NotificationState.Pending && told.RetryAt is { } again ? again > now ? $"in {Format.Span(again - now)}" : "due" : null,
                failed ? told.Error : told.Message);
        }

        return table;
    }
}
