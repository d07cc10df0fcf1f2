using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Ostler.Kubernetes.Telemetry;

namespace Ostler.Kubernetes.Client;

/// <summary>
/// A thin REST client over one <see cref="HttpClient"/>. Every call takes a token and has a timeout
/// (<see cref="ApiClientOptions.Timeout"/>); nothing is retried, because the caller's queue does that with the state of the day.
/// </summary>
/// <remarks>
/// <para>Errors: <see cref="ApiException"/> when the server said no, <see cref="TimeoutException"/> when it said nothing in time,
/// <see cref="HttpRequestException"/> or <see cref="IOException"/> when it could not be reached or broke off,
/// <see cref="OperationCanceledException"/> only when the caller's token was cancelled.</para>
/// <para>This class must not refer to the classes of KubernetesClient: the agent uses it, and what is not referred to is not
/// linked into the agent. See <c>KubeconfigClient</c> and <c>KnownResources</c> for the parts that do.</para>
/// </remarks>
public sealed partial class ApiClient : IDisposable
{
    // An error text longer than this is a proxy's web page.
    private const int MaxErrorBytes = 64 * 1024;

    private static readonly MediaTypeHeaderValue JsonType = new("application/json");

    private readonly HttpClient _http;
    private readonly ApiClientOptions _options;
    private readonly bool _ownsHttp = true;

    /// <param name="http">With a base address that ends in a slash. Disposed with the client.</param>
    /// <param name="options">Default: see <see cref="ApiClientOptions"/>.</param>
    public ApiClient(HttpClient http, ApiClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (http.BaseAddress is not { } address || !address.AbsoluteUri.EndsWith('/'))
        {
            throw new ArgumentException("the base address must be set and end in a slash", nameof(http));
        }
        _http = http;
        _options = options ?? new ApiClientOptions();
    }

    /// <summary>Where the API server is.</summary>
    public Uri BaseAddress => _http.BaseAddress!;

    public void Dispose()
    {
        if (_ownsHttp)
        {
            _http.Dispose();
        }
    }

    private ApiClient(ApiClient of, IWriteFence fence)
    {
        (_http, _options, _ownsHttp) = (of._http, of._options with { Fence = fence }, false);
    }

    /// <summary>A client over the same connections whose every write passes this fence first. Live no longer than this one.</summary>
    public ApiClient Fenced(IWriteFence fence)
    {
        ArgumentNullException.ThrowIfNull(fence);
        return new(this, fence);
    }

    private sealed record ApiRequest(HttpMethod Method, string Path, string Verb, string Resource)
    {
        public byte[]? Body { get; init; }
        public string? ContentType { get; init; }

        /// <summary>Whether the answer may be compressed. For lists alone: a proxy that compresses a watch holds its events back.</summary>
        public bool AcceptsGzip { get; init; }

        public override string ToString() => $"{Verb} {Path.Split('?')[0]}";
    }

    /// <summary>Sends, checks, and reads the answer, all within one timeout.</summary>
    private async Task<TResult> CallAsync<TResult>(
        ApiRequest request, Func<HttpResponseMessage, CancellationToken, Task<TResult>> read, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(_options.Timeout, _options.TimeProvider, cancellationToken);
        try
        {
            using var response = await SendAsync(request, deadline.Token).ConfigureAwait(false);
            return await read(response, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (deadline.HasPassed)
        {
            throw new TimeoutException($"{request}: no complete answer within {_options.Timeout.TotalSeconds:0} s", e);
        }
    }

    /// <returns>An answer with a success code, of which only the headers were read.</returns>
    private async Task<HttpResponseMessage> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(request.Method, request.Path)
        {
            Version = _http.DefaultRequestVersion,
            VersionPolicy = _http.DefaultVersionPolicy,
        };
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (request.AcceptsGzip)
        {
            message.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        }

        if (request.Body is { } body)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.ContentType = request.ContentType is { } type ? new MediaTypeHeaderValue(type) : JsonType;
        }
        if (request.Method != HttpMethod.Get)
        {
            // Here and nowhere else: every verb that changes something comes through this line, dry runs included.
            _options.Fence?.Pass();
        }

        var started = _options.TimeProvider.GetTimestamp();
        var code = "error";
        try
        {
            var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            code = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            _options.Answered?.Invoke(response.Headers.Date);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }
            using (response)
            {
                throw await ErrorAsync(request, response, _options.TimeProvider.GetUtcNow(), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            RuntimeMetrics.RecordApiRequest(request.Verb, request.Resource, code, _options.TimeProvider.GetElapsedTime(started));
        }
    }

    private static async Task<ApiException> ErrorAsync(
        ApiRequest request, HttpResponseMessage response, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ApiStatus? status = null;
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                using var buffer = new PooledBuffer();
                while (buffer.Unread.Length < MaxErrorBytes && await buffer.FillAsync(stream, cancellationToken).ConfigureAwait(false))
                {
                }
                status = JsonSerializer.Deserialize(buffer.Unread, ApiJson.Default.ApiStatus);
            }
        }
        catch (Exception e) when (e is JsonException or IOException or HttpRequestException)
        {
            // A load balancer's page, or none at all: the code says what there is to say.
        }
        return new ApiException(response.StatusCode, status, RetryAfterHeader.Read(response.Headers, now), request.ToString());
    }

    private async Task<T> CallForObjectAsync<T>(ResourceType<T> type, ApiRequest request, CancellationToken cancellationToken)
        where T : class =>
        await CallAsync(
            request,
            async (response, token) =>
            {
                var stream = await response.Content.ReadAsStreamAsync(token).ConfigureAwait(false);
                await using (stream.ConfigureAwait(false))
                {
                    using var buffer = new PooledBuffer();
                    while (await buffer.FillAsync(stream, token).ConfigureAwait(false))
                    {
                    }
                    return type.Deserialize(buffer.Unread);
                }
            },
            cancellationToken).ConfigureAwait(false);

    private static string Query(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var query = new StringBuilder(path);
        var separator = '?';
        foreach (var (name, value) in parameters)
        {
            if (!string.IsNullOrEmpty(value))
            {
                query.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
                separator = '&';
            }
        }
        return query.ToString();
    }

    private static string? Number(int? value) => value?.ToString(CultureInfo.InvariantCulture);
}
