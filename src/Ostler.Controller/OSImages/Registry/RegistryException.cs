using Ostler.Api.Meta;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>A registry, or a Secret, did not give what was needed. The message is in the registry's own words where it had any.</summary>
internal sealed class RegistryException(string reason, string message) : Exception(message)
{
    /// <summary>One of <see cref="Reasons"/>.</summary>
    public string Reason => reason;

    /// <summary>How long the server asked to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the registry answered that it has no such thing.</summary>
    public bool IsNotFound => reason == Reasons.RefNotFound;
}
