using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ostler.Controller.Console.Views;

namespace Ostler.Controller.Console.Live;

/// <summary>
/// Server-sent events: <c>fleet</c> with what changed, and <c>beat</c> when nothing did for a while. The ID of an event is the version that
/// the reader then has; who comes back with it (Last-Event-ID) gets the difference.
/// </summary>
/// <remarks>
/// Nothing is queued: the next event is made when the last one was taken, of whatever changed until then. A reader that is slow gets fewer
/// events, not older ones, and one that stalls is cut off by the server's minimum data rate.
/// </remarks>
internal static class FleetStream
{
    /// <param name="context">The request; its headers are sent here.</param>
    /// <param name="caches">What is shown.</param>
    /// <param name="viewer">Who looks, and on which terms.</param>
    /// <param name="time">The controller's clock.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    public static async Task RunAsync(
        HttpContext context, FleetCaches caches, StreamViewer viewer, TimeProvider time, CancellationToken cancellationToken)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";

        // Proxies that collect an answer before they pass it on (nginx) leave this one alone.
        response.Headers["X-Accel-Buffering"] = "no";
        var version = caches.Feed.VersionOf(context.Request.Headers["Last-Event-ID"]);
        var asked = time.GetTimestamp();
        var first = true;
        while (true)
        {
            var changed = first || await ChangedAsync(caches.Feed, version, viewer.Beat, time, cancellationToken);
            if (!first && (!changed || time.GetElapsedTime(asked) >= viewer.Beat))
            {
                asked = time.GetTimestamp();
                if (!await viewer.StillAllowed(cancellationToken))
                {
                    return;
                }
            }

            using var buffer = new FrameBuffer();
            if (changed)
            {
                version = Fleet(buffer, caches, version, first ? viewer.About : null, time.GetUtcNow());
            }
            else
            {
                Beat(buffer, caches.LastContact, time.GetUtcNow());
            }

            first = false;
            await response.Body.WriteAsync(buffer.Written, cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
        }
    }

    private static async Task<bool> ChangedAsync(FleetFeed feed, long version, TimeSpan beat, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await feed.ChangedAsync(version).WaitAsync(beat, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static long Fleet(FrameBuffer buffer, FleetCaches caches, long since, ConsoleAbout? about, DateTimeOffset now)
    {
        // JSON has no line breaks of its own, so one data line is all of it. The ID comes after the data; readers look at an event whole.
        buffer.Text("event: fleet\ndata: ");
        long version;
        using (var utf8 = new Utf8JsonWriter(buffer))
        {
            utf8.WriteStartObject();
            Clock(utf8, caches.LastContact, now);
            if (about is not null)
            {
                utf8.WritePropertyName("about");
                JsonSerializer.Serialize(utf8, about, ConsoleJson.Default.ConsoleAbout);
            }

            utf8.WritePropertyName("changes");
            version = caches.Feed.Write(since, utf8);
            utf8.WriteEndObject();
        }

        buffer.Text($"\nid: {caches.Feed.IdOf(version)}\n\n");
        return version;
    }

    private static void Beat(FrameBuffer buffer, DateTimeOffset? contact, DateTimeOffset now)
    {
        buffer.Text("event: beat\ndata: ");
        using (var utf8 = new Utf8JsonWriter(buffer))
        {
            utf8.WriteStartObject();
            Clock(utf8, contact, now);
            utf8.WriteEndObject();
        }

        buffer.Text("\n\n");
    }

    private static void Clock(Utf8JsonWriter utf8, DateTimeOffset? contact, DateTimeOffset now)
    {
        utf8.WriteString("now", Text(now));
        if (contact is { } at)
        {
            utf8.WriteString("contact", Text(at));
        }

        static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Pooled memory for one event: the first one of a large fleet is some hundred kilobytes, and no two viewers share one.
    /// </summary>
    private sealed class FrameBuffer : IBufferWriter<byte>, IDisposable
    {
        private byte[] _bytes = ArrayPool<byte>.Shared.Rent(16 * 1024);
        private int _length;

        public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

        public void Text(string text) => _length += Encoding.UTF8.GetBytes(text, GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length)));

        public void Advance(int count) => _length += count;

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            Grow(Math.Max(sizeHint, 256));
            return _bytes.AsMemory(_length);
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);

        private void Grow(int room)
        {
            if (_bytes.Length - _length < room)
            {
                var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, _length + room));
                Written.CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = larger;
            }
        }
    }
}

/// <summary>Who looks at a stream, and on which terms.</summary>
/// <param name="About">What the first event says of the cluster, the controller and the viewer.</param>
/// <param name="Beat">How often a quiet stream says that it is alive.</param>
/// <param name="StillAllowed">Asked at every beat, and after each minute of events: whether the viewer may go on looking.</param>
internal sealed record StreamViewer(ConsoleAbout About, TimeSpan Beat, Func<CancellationToken, Task<bool>> StillAllowed);
