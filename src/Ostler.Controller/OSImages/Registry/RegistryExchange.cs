using System.Net;
using Ostler.Api.Meta;
using Ostler.Kubernetes.Client;
using Polly.CircuitBreaker;
using Polly.Registry;
using Polly.Timeout;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>What a server sent.</summary>
/// <param name="Code">The HTTP status: success, 401 or 404; everything else is an exception.</param>
/// <param name="Words">The request and the status, for messages.</param>
/// <param name="Body">The body; null when it is larger than may be.</param>
/// <param name="Headers">The header that matter.</param>
internal sealed record RegistryAnswer(HttpStatusCode Code, string Words, byte[]? Body, RegistryHeaders Headers);

/// <param name="ContentType">The media type without parameters.</param>
/// <param name="Digest">Docker-Content-Digest.</param>
/// <param name="Challenges">WWW-Authenticate.</param>
/// <param name="Next">The next page of a list (Link with rel="next"); null: there is none.</param>
internal sealed record RegistryHeaders(string? ContentType, string? Digest, IReadOnlyList<Ostler.Controller.OSImages.Registry.AuthChallenge> Challenges, string? Next);

/// <summary>One request, with its retries and redirects: bounded in time, in size, in number.</summary>
internal sealed class RegistryExchange(
    HttpClient http, ResiliencePipelineRegistry<string> pipelines, LargeContentLease lease, RegistryOptions options)
{
    private const int MostWords = 4096;

    /// <param name="request">Makes the request anew for each attempt; its Authorization is meant for the host of its URI alone.</param>
    /// <param name="maxBytes">How large the body of a success may be.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RegistryException">There was no answer, or it was neither a success nor 401 nor 404.</exception>
    public async Task<RegistryAnswer> SendAsync(Func<HttpRequestMessage> request, int maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            return await SendOnceAsync(request, maxBytes, cancellationToken);
        }
        catch (LargeContentException)
        {
            // Not while a request is open: its timeout would run, and the registry would be blamed.
            await lease.TakeAsync(cancellationToken);
            return await SendOnceAsync(request, maxBytes, cancellationToken);
        }
    }

    private async Task<RegistryAnswer> SendOnceAsync(Func<HttpRequestMessage> request, int maxBytes, CancellationToken cancellationToken)
    {
        using var sample = request();
        var uri = sample.RequestUri!;
        var what = $"{sample.Method} {uri.GetLeftPart(UriPartial.Path)}";
        var pipeline = pipelines.GetOrAddPipeline(uri.Authority, builder => options.Configure(builder));
        try
        {
            return await pipeline.ExecuteAsync(
                static async (state, token) => await state.Self.FollowAsync(state.Request(), state.MaxBytes, token),
                (Self: this, Request: request, MaxBytes: maxBytes),
                cancellationToken);
        }
        catch (RateLimitedException e)
        {
            throw new RegistryException(Reasons.ResolveFailed, e.Message) { RetryAfter = e.RetryAfter, Status = HttpStatusCode.TooManyRequests, Answer = e.Answer };
        }
        catch (TransientHttpException e)
        {
            throw new RegistryException(Reasons.ResolveFailed, e.Message) { Status = e.Status, Answer = e.Answer };
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new RegistryException(Reasons.ResolveFailed, $"{what}: {Explain(e)}");
        }
        catch (TimeoutRejectedException)
        {
            throw new RegistryException(Reasons.ResolveFailed, $"{what}: no answer within {(Duration)options.AttemptTimeout}.");
        }
        catch (BrokenCircuitException)
        {
            throw new RegistryException(
                Reasons.ResolveFailed, $"{what}: {uri.Authority} failed repeatedly and is not contacted for {(Duration)options.BreakDuration}.");
        }
    }

    private async Task<RegistryAnswer> FollowAsync(HttpRequestMessage request, int maxBytes, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var sent = request;
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

            // Without the query: that of a redirect to a store of blobs is a key to it.
            var words = $"{request.Method} {request.RequestUri!.GetLeftPart(UriPartial.Path)}: {AnswerOf(response)}";
            if (response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
                or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
            {
                request = redirects < options.MaxRedirects
                    ? Redirected(request, response, words)
                    : throw new RegistryException(Reasons.ResolveFailed, $"{words}: more than {options.MaxRedirects} redirects.");
                continue;
            }

            return await ReadAsync(response, words, maxBytes, cancellationToken);
        }
    }

    private static HttpRequestMessage Redirected(HttpRequestMessage request, HttpResponseMessage response, string words)
    {
        var from = request.RequestUri!;
        if (response.Headers.Location is not { } location || !Uri.TryCreate(from, location, out var to) || to.Scheme is not ("http" or "https"))
        {
            throw new RegistryException(Reasons.ResolveFailed, $"{words} without a valid Location header.");
        }

        if (from.Scheme == Uri.UriSchemeHttps && to.Scheme == Uri.UriSchemeHttp)
        {
            throw new RegistryException(Reasons.ResolveFailed, $"{words}: from https to http ({to.Authority}) is not followed.");
        }

        var next = new HttpRequestMessage(request.Method == HttpMethod.Head ? HttpMethod.Head : HttpMethod.Get, to);
        foreach (var accept in request.Headers.Accept)
        {
            next.Headers.Accept.Add(accept);
        }

        // Another host must not learn who we are to this one; a port is another server, too.
        next.Headers.Authorization = from.Scheme == to.Scheme && from.Authority == to.Authority ? request.Headers.Authorization : null;
        return next;
    }

    private async Task<RegistryAnswer> ReadAsync(HttpResponseMessage response, string words, int maxBytes, CancellationToken cancellationToken)
    {
        var headers = new RegistryHeaders(
            response.Content.Headers.ContentType?.MediaType,
            response.Headers.TryGetValues("Docker-Content-Digest", out var digests) ? digests.FirstOrDefault() : null,
            [.. response.Headers.WwwAuthenticate.Select(c => Ostler.Controller.OSImages.Registry.AuthChallenge.Of(c.Scheme, c.Parameter))],
            response.Headers.TryGetValues("Link", out var links) ? links.Select(NextOf).FirstOrDefault(l => l is not null) : null);
        if (response.IsSuccessStatusCode)
        {
            // One byte more than allowed tells "just as large" from "larger", whatever Content-Length claims.
            var limit = lease.IsHeld ? maxBytes : Math.Min(maxBytes, options.SmallBytes);
            var body = await response.Content.ReadAtMostAsync(limit + 1, cancellationToken);
            if (body.Length > limit && limit < maxBytes)
            {
                throw new LargeContentException();
            }

            return new(response.StatusCode, words, body.Length <= maxBytes ? body : null, headers);
        }

        var said = RegistryErrorText.Of(await response.Content.ReadAtMostAsync(MostWords, cancellationToken));
        var full = said.Length == 0 ? words : $"{words}: {said}";
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.NotFound)
        {
            return new(response.StatusCode, full, [], headers);
        }

        var retryAfter = RetryAfterHeader.Read(response.Headers, options.Time.GetUtcNow());
        var answer = AnswerOf(response);
        throw response.StatusCode switch
        {
            HttpStatusCode.TooManyRequests => new RateLimitedException(
                retryAfter is { } wait ? $"{full}; asked to retry after {(Duration)wait}." : full, retryAfter ?? options.RetryDelay)
            { Answer = answer },
            HttpStatusCode.ServiceUnavailable when retryAfter is not null => new RateLimitedException(full, retryAfter) { Answer = answer },
            HttpStatusCode.Forbidden => new RegistryException(Reasons.AuthenticationFailed, full) { Status = response.StatusCode, Answer = answer },
            // What a registry does not have, it will not have at the next attempt either.
            HttpStatusCode.NotImplemented => new RegistryException(Reasons.ResolveFailed, full) { Status = response.StatusCode, Answer = answer },
            HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => new TransientHttpException(full) { Status = response.StatusCode, Answer = answer },
            _ => new RegistryException(Reasons.ResolveFailed, full) { Status = response.StatusCode, Answer = answer },
        };
    }

    private static string AnswerOf(HttpResponseMessage response) => $"{(int)response.StatusCode} {response.ReasonPhrase ?? response.StatusCode.ToString()}";

    // As in <https://registry.example/v2/…>; rel="next".
    private static string? NextOf(string link)
    {
        var end = link.IndexOf('>', StringComparison.Ordinal);
        return link.StartsWith('<') && end > 1 && link[end..].Replace("\"", "", StringComparison.Ordinal).Contains("rel=next", StringComparison.OrdinalIgnoreCase)
            ? link[1..end]
            : null;
    }

    // The outermost message of a failed handshake says no more than that it failed.
    private static string Explain(Exception e) => e.InnerException is System.Security.Authentication.AuthenticationException inner
        ? $"{inner.Message} Add its certificate authority to spec.container.caBundle, or set plainHttp if it does not speak TLS."
        : e.Message;
}
