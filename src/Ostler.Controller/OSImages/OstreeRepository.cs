using System.Globalization;
using System.Net;
using System.Text;
using Ostler.Api.Meta;
using Ostler.Controller.OSImages.Registry;
using Ostler.Kubernetes.Connections;
using Polly.CircuitBreaker;
using Polly.Registry;
using Polly.Timeout;

namespace Ostler.Controller.OSImages;

/// <summary>What an HTTP repository said: a value, or why there is none.</summary>
/// <param name="Value">What was asked for; null when it could not be had.</param>
/// <param name="Reason">Why not, one of <see cref="Reasons"/>.</param>
/// <param name="Message">Why not, in the server's own words where it had any.</param>
internal readonly record struct Resolution(string? Value, string Reason, string Message)
{
    public static Resolution Of(string value) => new(value, Reasons.Resolved, "");
}

/// <summary>What a commit says of itself.</summary>
internal readonly record struct CommitFacts(string? Version, DateTimeOffset? Created);

/// <summary>
/// Reads refs and commits of an OSTree archive repository over HTTP. Every call is bounded: in time, in size, in redirects, in
/// retries, and a host that keeps failing is left alone for a while.
/// </summary>
internal sealed class OstreeRepository(HttpClient http, ResiliencePipelineRegistry<string> pipelines, OstreeRepositoryOptions options)
{
    private readonly HttpClient _http = http;
    private readonly ResiliencePipelineRegistry<string> _pipelines = pipelines;
    private readonly OstreeRepositoryOptions _options = options;

    /// <summary>The client that repositories want: redirects are followed, but not for ever and never down to plain HTTP.</summary>
    public static HttpClient CreateHttpClient(OutboundRules? outbound = null) => new(new SocketsHttpHandler
    {
        ConnectCallback = (outbound ?? OutboundRules.Default).ConnectAsync,
        Proxy = (outbound ?? OutboundRules.Default).Guard(HttpClient.DefaultProxy),
        MaxAutomaticRedirections = 5,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        AutomaticDecompression = DecompressionMethods.All,
    })
    {
        // The pipeline's own timeouts end a call; this one would not say which attempt it was.
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The commit that a branch points at: <c>{url}/refs/heads/{ref}</c>.</summary>
    public async Task<Resolution> ResolveRefAsync(string url, string @ref, CancellationToken cancellationToken)
    {
        var answer = await GetAsync(new Uri($"{url.TrimEnd('/')}/refs/heads/{@ref}"), _options.MaxRefBytes, cancellationToken);
        if (answer.Body is null)
        {
            return new(null, answer.Reason, answer.Reason == Reasons.RefNotFound ? $"{answer.Message}: check that the ref {@ref} is published there" : answer.Message);
        }

        var text = Encoding.ASCII.GetString(answer.Body).Trim();
        return text.Length == 64 && text.All(char.IsAsciiHexDigitLower)
            ? Resolution.Of(text)
            : new(null, Reasons.ResolveFailed, $"{answer.Uri} is not a commit of 64 hexadecimal digits but begins with {Quote(text)}.");
    }

    /// <summary>The version and the date that a commit gives itself; null where it has none or cannot be read.</summary>
    public async Task<CommitFacts> ReadCommitAsync(string url, string commit, CancellationToken cancellationToken)
    {
        var uri = new Uri($"{url.TrimEnd('/')}/objects/{commit[..2]}/{commit[2..]}.commit");
        var answer = await GetAsync(uri, _options.MaxCommitBytes, cancellationToken);
        return answer.Body is { } body && OstreeCommit.IsNamed(body, commit)
            ? new(OstreeCommit.TryReadVersion(body, out var version) ? version : null, OstreeCommit.TryReadTimestamp(body, out var created) ? created : null)
            : default;
    }

    private readonly record struct Answer(Uri Uri, byte[]? Body, string Reason, string Message);

    private async Task<Answer> GetAsync(Uri uri, int maxBytes, CancellationToken cancellationToken)
    {
        var pipeline = _pipelines.GetOrAddPipeline(uri.Authority, builder => _options.Configure(builder));
        try
        {
            return await pipeline.ExecuteAsync(
                static async (state, token) => await state.Self.GetOnceAsync(state.Uri, state.MaxBytes, token),
                (Self: this, Uri: uri, MaxBytes: maxBytes),
                cancellationToken);
        }
        catch (TransientHttpException e)
        {
            return new(uri, null, Reasons.ResolveFailed, e.Message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new(uri, null, Reasons.ResolveFailed, $"GET {uri}: {e.Message}");
        }
        catch (TimeoutRejectedException)
        {
            return new(uri, null, Reasons.ResolveFailed, $"GET {uri}: no answer within {(Duration)_options.AttemptTimeout}.");
        }
        catch (BrokenCircuitException)
        {
            return new(uri, null, Reasons.ResolveFailed,
                $"GET {uri}: {uri.Authority} failed repeatedly and is not contacted for {(Duration)_options.BreakDuration}.");
        }
    }

    private async Task<Answer> GetOnceAsync(Uri uri, int maxBytes, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var words = $"GET {uri}: {(int)response.StatusCode} {response.ReasonPhrase ?? response.StatusCode.ToString()}";
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            return new(uri, null, Reasons.RefNotFound, words);
        }

        if ((int)response.StatusCode is >= 300 and < 400)
        {
            return new(uri, null, Reasons.ResolveFailed, $"{words}: more than 5 redirects, or one from https to http.");
        }

        if (!response.IsSuccessStatusCode)
        {
            var body = await response.Content.ReadAtMostAsync(256, cancellationToken);
            var said = $"{words}{(body.Length == 0 ? "" : $": {Quote(Encoding.UTF8.GetString(body))}")}";
            return IsTransient(response.StatusCode) ? throw new TransientHttpException(said) : new(uri, null, Reasons.ResolveFailed, said);
        }

        // One byte more than allowed tells "just as large" from "larger", whatever Content-Length claims.
        var content = await response.Content.ReadAtMostAsync(maxBytes + 1, cancellationToken);
        return content.Length <= maxBytes
            ? new(uri, content, Reasons.Resolved, words)
            : new(uri, null, Reasons.ResolveFailed, string.Create(CultureInfo.InvariantCulture, $"{words}, but larger than {maxBytes} bytes."));
    }

    private static bool IsTransient(HttpStatusCode code) =>
        (int)code >= 500 || code is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout;

    /// <summary>The beginning of what a server sent, made safe for a status message.</summary>
    private static string Quote(string text)
    {
        var shown = new string([.. text.Take(80).Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return $"\"{shown}{(text.Length > 80 ? "…" : "")}\"";
    }
}
