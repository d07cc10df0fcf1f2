using Ostler.Controller.OSImages.Registry;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Ostler.Controller.OSImages;

/// <summary>The bounds within which a repository may answer.</summary>
internal sealed record OstreeRepositoryOptions
{
    /// <summary>How long one attempt may take, its body included. Default: 10 s.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a failed attempt is repeated. Default: 2.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>The first delay between attempts, doubled each time, with jitter. Default: 1 s.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a host is left alone after at least half of no less than 6 attempts in a minute failed. Default: 30 s.</summary>
    public TimeSpan BreakDuration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The largest ref file: 64 digits and a line break. Default: 1 KiB, so that an error page is told from a ref by its words.
    /// </summary>
    public int MaxRefBytes { get; init; } = 1024;

    /// <summary>The largest commit object. Default: 1 MiB.</summary>
    public int MaxCommitBytes { get; init; } = 1024 * 1024;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A number in [0, 1) for the jitter.</summary>
    public required Func<double> Random { get; init; }

    /// <summary>Retries around a breaker around a timeout: the breaker counts attempts, and an open one is not retried.</summary>
    internal void Configure(ResiliencePipelineBuilder builder)
    {
        builder.TimeProvider = Time;
        var failures = new PredicateBuilder().Handle<HttpRequestException>().Handle<TransientHttpException>().Handle<TimeoutRejectedException>().Handle<IOException>();
        builder
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = failures,
                MaxRetryAttempts = Retries,
                Delay = RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Randomizer = Random,
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = failures,
                FailureRatio = 0.5,
                MinimumThroughput = 6,
                SamplingDuration = TimeSpan.FromMinutes(1),
                BreakDuration = BreakDuration,
            })
            .AddTimeout(new TimeoutStrategyOptions { Timeout = AttemptTimeout });
    }
}
