using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Ostler.Testing.Scripted;

/// <summary>The answer to one request.</summary>
public sealed class ScriptedResponse
{
    private readonly ScriptedConnection _connection;

    internal ScriptedResponse(ScriptedConnection connection) => _connection = connection;

    internal bool HasStarted { get; private set; }

    internal bool IsStreaming { get; private set; }

    /// <summary>Answers with JSON, whole.</summary>
    public Task JsonAsync(string json, int code = 200, IReadOnlyDictionary<string, string>? headers = null) =>
        WholeAsync(code, "application/json", Encoding.UTF8.GetBytes(json), headers);

    /// <summary>Answers with JSON, whole.</summary>
    public Task JsonAsync(JsonNode json, int code = 200) => JsonAsync(json.ToJsonString(), code);

    /// <summary>Answers as the API server does when it refuses.</summary>
    public Task StatusAsync(int code, string reason, string message = "", JsonNode? details = null, IReadOnlyDictionary<string, string>? headers = null)
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["status"] = "Failure",
            ["reason"] = reason,
            ["message"] = message.Length > 0 ? message : reason,
            ["code"] = code,
        };
        if (details is not null)
        {
            status["details"] = details;
        }
        return JsonAsync(status.ToJsonString(), code, headers);
    }

    /// <summary>Answers with anything, whole.</summary>
    public async Task WholeAsync(int code, string contentType, byte[] body, IReadOnlyDictionary<string, string>? headers = null)
    {
        await HeadAsync(code, $"Content-Type: {contentType}\r\nContent-Length: {body.Length}\r\n", headers).ConfigureAwait(false);
        await _connection.WriteAsync(body).ConfigureAwait(false);
    }

    /// <summary>Sends the head of an answer in chunks, and with it that the request was accepted.</summary>
    public Task StartStreamAsync(int code = 200, string contentType = "application/json")
    {
        IsStreaming = true;
        return HeadAsync(code, $"Content-Type: {contentType}\r\nTransfer-Encoding: chunked\r\n", null);
    }

    /// <summary>Sends text as one chunk, as it is. Starts the stream when that has not happened.</summary>
    public async Task WriteAsync(string text)
    {
        if (!HasStarted)
        {
            await StartStreamAsync().ConfigureAwait(false);
        }
        var bytes = Encoding.UTF8.GetBytes(text);
        var size = bytes.Length.ToString("x", CultureInfo.InvariantCulture);
        await _connection.WriteAsync([.. Encoding.ASCII.GetBytes($"{size}\r\n"), .. bytes, .. "\r\n"u8]).ConfigureAwait(false);
    }

    /// <summary>Sends text and a newline.</summary>
    public Task WriteLineAsync(string line) => WriteAsync(line + "\n");

    /// <summary>Breaks the connection off without an end of the answer (TCP RST).</summary>
    public void Reset() => _connection.Reset();

    internal Task EndAsync() => IsStreaming ? _connection.WriteAsync("0\r\n\r\n"u8.ToArray()) : Task.CompletedTask;

    private async Task HeadAsync(int code, string contentHeaders, IReadOnlyDictionary<string, string>? headers)
    {
        HasStarted = true;
        var head = new StringBuilder($"HTTP/1.1 {code} Scripted\r\n{contentHeaders}");
        foreach (var (name, value) in headers ?? new Dictionary<string, string>())
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }
        head.Append("\r\n");
        await _connection.WriteAsync(Encoding.ASCII.GetBytes(head.ToString())).ConfigureAwait(false);
    }
}
