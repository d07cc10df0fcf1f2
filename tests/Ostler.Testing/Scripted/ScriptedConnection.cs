using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Ostler.Testing.Scripted;

/// <summary>One connection: reads requests one after the other and lets the script answer them.</summary>
internal sealed class ScriptedConnection(Socket socket, Action<ScriptedRequest> received, ScriptedHandler handler) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: false);
    private readonly CancellationTokenSource _closed = new();
    private volatile bool _wasReset;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
        var reader = new LineReader(_stream);
        try
        {
            while (await ReadRequestAsync(reader, ending.Token).ConfigureAwait(false) is { } request)
            {
                received(request);
                var response = new ScriptedResponse(this);
                // A client that hangs up ends the script that still streams to it.
                using var gone = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                var hangUp = WatchForHangUpAsync(reader, gone);
                await handler(request, response, gone.Token).ConfigureAwait(false);
                if (!response.HasStarted)
                {
                    await response.StatusAsync(500, "InternalError", "the script gave no answer").ConfigureAwait(false);
                }
                await response.EndAsync().ConfigureAwait(false);
                await gone.CancelAsync().ConfigureAwait(false);
                await hangUp.ConfigureAwait(false);
            }
        }
        catch (Exception e) when (_wasReset || e is IOException or ObjectDisposedException or SocketException or OperationCanceledException)
        {
            Reset();
        }
        catch
        {
            // The script's own failure: the client sees a broken connection, and the test what came of it.
            Reset();
            throw;
        }
    }

    public Task WriteAsync(byte[] bytes) => _stream.WriteAsync(bytes).AsTask();

    public void Reset()
    {
        _wasReset = true;
        try
        {
            // Lingering for zero seconds turns the close into a reset.
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
            _closed.Cancel();
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        socket.Dispose();
        _closed.Dispose();
    }

    private static async Task WatchForHangUpAsync(LineReader reader, CancellationTokenSource gone)
    {
        try
        {
            if (!await reader.PeekAsync(gone.Token).ConfigureAwait(false))
            {
                await gone.CancelAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or SocketException)
        {
            await gone.CancelAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static async Task<ScriptedRequest?> ReadRequestAsync(LineReader reader, CancellationToken cancellationToken)
    {
        if (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is not { Length: > 0 } first)
        {
            return null;
        }
        var headers = new Dictionary<string, string>();
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { Length: > 0 } line)
        {
            var parts = line.Split(':', 2);
            headers[parts[0].Trim().ToLowerInvariant()] = parts[1].Trim();
        }
        var length = headers.TryGetValue("content-length", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        var body = await reader.ReadAsync(length, cancellationToken).ConfigureAwait(false);
        var words = first.Split(' ');
        return new ScriptedRequest(words[0], words[1], headers, body);
    }

    private sealed class LineReader(Stream stream)
    {
        private readonly byte[] _buffer = new byte[8192];
        private int _start;
        private int _end;

        public async Task<bool> PeekAsync(CancellationToken cancellationToken) => _start < _end || await FillAsync(cancellationToken).ConfigureAwait(false);

        public async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
        {
            var line = new List<byte>();
            while (await PeekAsync(cancellationToken).ConfigureAwait(false))
            {
                var next = _buffer[_start++];
                if (next == '\n')
                {
                    return Encoding.ASCII.GetString([.. line]).TrimEnd('\r');
                }
                line.Add(next);
            }
            return null;
        }

        public async Task<byte[]> ReadAsync(int length, CancellationToken cancellationToken)
        {
            var body = new byte[length];
            for (var done = 0; done < length;)
            {
                if (!await PeekAsync(cancellationToken).ConfigureAwait(false))
                {
                    throw new IOException("the request ended early");
                }
                var count = Math.Min(length - done, _end - _start);
                _buffer.AsSpan(_start, count).CopyTo(body.AsSpan(done));
                _start += count;
                done += count;
            }
            return body;
        }

        private async Task<bool> FillAsync(CancellationToken cancellationToken)
        {
            _start = 0;
            _end = 0;
            _end = await stream.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false);
            return _end > 0;
        }
    }
}
