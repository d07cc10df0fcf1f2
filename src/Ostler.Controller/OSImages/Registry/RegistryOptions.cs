using Ostler.Kubernetes.Connections;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>The bounds within which a registry may answer.</summary>
internal sealed record RegistryOptions
{
    /// <summary>How long one request may take, its body included. Default: 10 s.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long all that is asked for one image may take. Default: 1 min.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often a request that failed is repeated. Default: 2.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>The first delay between them, doubled each time, with jitter. Default: 1 s.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest Retry-After that is waited for on the spot; with a longer one the image is tried again later. Default: 5 s.
    /// </summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a host is left alone after at least half of no less than 10 requests in a minute failed. Default: 30 s.</summary>
    public TimeSpan BreakDuration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many redirects are followed. Default: 5.</summary>
    public int MaxRedirects { get; init; } = 5;

    /// <summary>The largest manifest or list of referrers. Default: 4 MiB, as registries have it.</summary>
    public int MaxManifestBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>The largest index. Default: 1 MiB, which is some thousand platforms.</summary>
    public int MaxIndexBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// What may be read without a <see cref="LargeContentLease"/>. Default: 256 KiB, more than manifests and configs usually have.
    /// </summary>
    public int SmallBytes { get; init; } = 256 * 1024;

    /// <summary>The largest config of an image. Default: 4 MiB.</summary>
    public int MaxConfigBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>The largest payload of a signature. Default: 64 KiB.</summary>
    public int MaxPayloadBytes { get; init; } = 64 * 1024;

    /// <summary>The largest Sigstore bundle. Default: 256 KiB.</summary>
    public int MaxBundleBytes { get; init; } = 256 * 1024;

    /// <summary>The largest answer of a token server. Default: 128 KiB.</summary>
    public int MaxTokenBytes { get; init; } = 128 * 1024;

    /// <summary>How many signatures of one digest are looked at. Default: 32.</summary>
    public int MaxSignatures { get; init; } = 32;

    /// <summary>Which addresses registries may have, those behind redirects and token servers included.</summary>
    public OutboundRules Outbound { get; init; } = OutboundRules.Default;

    /// <summary>How many platforms of an index are tried to read its version from. Default: 8.</summary>
    public int MaxPlatformsTried { get; init; } = 8;

    /// <summary>How many manifests that refer to one digest are opened in one repository. Default: 64.</summary>
    public int MaxReferrers { get; init; } = 64;

    /// <summary>How many pages of the list of referrers are read. Default: 8.</summary>
    public int MaxReferrerPages { get; init; } = 8;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A number in [0, 1) for the jitter.</summary>
    public required Func<double> Random { get; init; }

    /// <summary>Retries around a breaker around a timeout: the breaker counts attempts, and an open one is not retried.</summary>
    internal void Configure(ResiliencePipelineBuilder builder)
    {
        builder.TimeProvider = Time;
        builder
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = args => ValueTask.FromResult(
                    args.Outcome.Exception is RateLimitedException limited ? limited.RetryAfter <= LongestWait : IsFailure(args.Outcome.Exception)),
                MaxRetryAttempts = Retries,
                Delay = RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Randomizer = Random,
                // Null: as declared above.
                DelayGenerator = static args => ValueTask.FromResult((args.Outcome.Exception as RateLimitedException)?.RetryAfter),
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = static args => ValueTask.FromResult(IsFailure(args.Outcome.Exception)),
                FailureRatio = 0.5,
                MinimumThroughput = 10,
                SamplingDuration = TimeSpan.FromMinutes(1),
                BreakDuration = BreakDuration,
            })
            .AddTimeout(new TimeoutStrategyOptions { Timeout = AttemptTimeout });
    }

    // An address that is refused is refused again.
    private static bool IsFailure(Exception? e) => !AddressRefusedException.IsCauseOf(e) && e is HttpRequestException or TransientHttpException or TimeoutRejectedException or IOException;
}

/// <summary>429, or 503 with a time: the server is well and wants to be left alone. Carries its words.</summary>
internal sealed class RateLimitedException(string message, TimeSpan? retryAfter) : Exception(message)
{
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>The status in short, as in <c>429 Too Many Requests</c>.</summary>
    public string? Answer { get; init; }
}
