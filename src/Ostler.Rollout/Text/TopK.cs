using System.Buffers;

namespace Ostler.Rollout.Text;

/// <summary>
/// The least so many of many, in order. Thousands of nodes wait behind a few slots; to sort them all at every look would be most of the
/// plan.
/// </summary>
/// <remarks>
/// Keeps a heap whose root is the greatest of those kept, in a buffer that is lent: thousands of keys would be a large object.
/// </remarks>
internal sealed class TopK<T>(int most) : IDisposable
    where T : struct, IComparable<T>
{
    private T[] _kept = ArrayPool<T>.Shared.Rent(Math.Clamp(most, 1, 64));
    private int _count;

    /// <summary>Takes one into account.</summary>
    public void Add(in T item)
    {
        if (_count < most)
        {
            if (_count == _kept.Length)
            {
                Grow();
            }

            _kept[_count++] = item;
            if (_count == most)
            {
                for (var i = (_count / 2) - 1; i >= 0; i--)
                {
                    SiftDown(i);
                }
            }
        }
        else if (most > 0 && item.CompareTo(_kept[0]) < 0)
        {
            _kept[0] = item;
            SiftDown(0);
        }
    }

    /// <summary>The least of those added, in order. Good until the buffer is given back; nothing may be added after it.</summary>
    public ReadOnlySpan<T> InOrder()
    {
        var kept = _kept.AsSpan(0, _count);
        kept.Sort();
        return kept;
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        // What is lent to the next one must not keep this snapshot alive.
        Array.Clear(_kept, 0, _count);
        ArrayPool<T>.Shared.Return(_kept);
    }

    private void Grow()
    {
        var larger = ArrayPool<T>.Shared.Rent(_kept.Length * 2);
        Array.Copy(_kept, larger, _count);
        Dispose();
        _kept = larger;
    }

    private void SiftDown(int at)
    {
        var item = _kept[at];
        for (var child = (2 * at) + 1; child < _count; child = (2 * at) + 1)
        {
            if (child + 1 < _count && _kept[child + 1].CompareTo(_kept[child]) > 0)
            {
                child++;
            }

            if (_kept[child].CompareTo(item) <= 0)
            {
                break;
            }

            _kept[at] = _kept[child];
            at = child;
        }

        _kept[at] = item;
    }
}
