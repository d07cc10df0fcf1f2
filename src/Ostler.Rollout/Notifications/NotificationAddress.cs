namespace Ostler.Rollout.Notifications;

/// <summary>Where a notification may be posted to.</summary>
public static class NotificationAddress
{
    /// <summary>
    /// What is wrong with an address, in words that go on from its name; null: nothing. They do not repeat it, for it may be a secret.
    /// </summary>
    public static string? Problem(string text) =>
        !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0
            ? "must be an http or https address"
            : null;
}
