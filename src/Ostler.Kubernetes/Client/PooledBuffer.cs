using System.Buffers;

namespace Ostler.Kubernetes.Client;

/// <summary>Bytes read from a stream and not yet consumed. Grows to the largest object only, never to the whole answer.</summary>
internal sealed class PooledBuffer : IDisposable
{
    private const int InitialSize = 16 * 1024;

    // Above this a watch that once saw a large object gives the memory back when it has been consumed.
    private const int KeptSize = 64 * 1024;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(InitialSize);
    private int _start;
    private int _end;

    public ReadOnlySpan<byte> Unread => _bytes.AsSpan(_start.._end);

    public void Consume(int count)
    {
        _start += count;
        if (_start == _end)
        {
            _start = _end = 0;
            if (_bytes.Length > KeptSize)
            {
                Resize(InitialSize);
            }
        }
    }

    /// <returns>False at the end of the stream.</returns>
    public async ValueTask<bool> FillAsync(Stream stream, CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            Unread.CopyTo(_bytes);
            _end -= _start;
            _start = 0;
        }
        if (_end == _bytes.Length)
        {
            Resize(_bytes.Length * 2);
        }
        var read = await stream.ReadAsync(_bytes.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        _end += read;
        return read > 0;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _start = _end = 0;
    }

    private void Resize(int size)
    {
        var next = ArrayPool<byte>.Shared.Rent(size);
        _bytes.AsSpan(0, _end).CopyTo(next);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = next;
    }
}
