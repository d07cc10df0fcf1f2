using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Ostler.Controller.OSImages;

/// <summary>Reads what an OSTree commit object says of itself.</summary>
/// <remarks>
/// A commit is a GVariant of type <c>(a{sv}aya(say)sstayay)</c> in its serialised form: a container ends with the end offsets of
/// its variable-sized members, little endian, each as wide as the container's own size needs. Only the first member, the
/// metadata, is walked. The bytes come from the network: whatever does not add up reads as "no version", never as an exception.
/// </remarks>
internal static class OstreeCommit
{
    private const int VariantAlignment = 8;

    /// <summary>True when the object is the commit that it was asked for as: the name of an object is the SHA-256 of its bytes.</summary>
    public static bool IsNamed(ReadOnlySpan<byte> commit, string checksum)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(commit, hash);
        return Convert.ToHexStringLower(hash) == checksum;
    }

    /// <summary>The string under <c>version</c> in the commit's metadata. False when there is none.</summary>
    public static bool TryReadVersion(ReadOnlySpan<byte> commit, [NotNullWhen(true)] out string? version)
    {
        version = null;

        // The offsets stand in reverse order in a tuple: the very last is the end of the first member.
        return TryReadLastOffset(commit, out var end) && TryFind(commit[..end], "version"u8, out version);
    }

    /// <summary>The commit's own date. False when there is none that makes sense.</summary>
    /// <remarks>
    /// Seconds in big endian: the only member of fixed size, aligned to 8, after the body, which is the fifth of the variable-sized
    /// members.
    /// </remarks>
    public static bool TryReadTimestamp(ReadOnlySpan<byte> commit, out DateTimeOffset created)
    {
        const int offsets = 5;
        created = default;
        var width = OffsetWidth(commit.Length);
        if (commit.Length < width * (offsets + 1))
        {
            return false;
        }

        var bodyEnd = ReadOffset(commit.Slice(commit.Length - (width * offsets), width));
        if (bodyEnd > commit.Length)
        {
            return false;
        }

        var start = Align((int)bodyEnd);
        if (start + sizeof(long) > commit.Length)
        {
            return false;
        }

        var seconds = BinaryPrimitives.ReadInt64BigEndian(commit[start..]);
        if (seconds <= 0 || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return false;
        }

        created = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return true;
    }

    private static bool TryFind(ReadOnlySpan<byte> dictionary, ReadOnlySpan<byte> wanted, [NotNullWhen(true)] out string? value)
    {
        value = null;
        if (dictionary.IsEmpty || !TryReadLastOffset(dictionary, out var lastEnd))
        {
            return false;
        }

        // The last entry ends where the table of offsets begins.
        var table = dictionary[lastEnd..];
        var width = OffsetWidth(dictionary.Length);
        var start = 0;
        for (var position = 0; position + width <= table.Length; position += width)
        {
            var end = ReadOffset(table.Slice(position, width));
            if (end < start || end > lastEnd)
            {
                return false;
            }

            if (TryReadEntry(dictionary[start..(int)end], wanted, out value))
            {
                return true;
            }

            start = Align((int)end);
            if (start > lastEnd)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>One <c>{sv}</c>: the key with its NUL, padding, the variant, and the end offset of the key.</summary>
    private static bool TryReadEntry(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> wanted, [NotNullWhen(true)] out string? value)
    {
        value = null;
        if (!TryReadLastOffset(entry, out var keyEnd) || keyEnd == 0 || !entry[..(keyEnd - 1)].SequenceEqual(wanted))
        {
            return false;
        }

        var variantStart = Align(keyEnd);
        var variantEnd = entry.Length - OffsetWidth(entry.Length);
        if (variantStart >= variantEnd)
        {
            return false;
        }

        // A variant is its value, a NUL, its type; a string ends with a NUL of its own.
        var variant = entry[variantStart..variantEnd];
        if (!variant.EndsWith("\0\0s"u8))
        {
            return false;
        }

        value = Encoding.UTF8.GetString(variant[..^3]);
        return value.Length > 0;
    }

    private static bool TryReadLastOffset(ReadOnlySpan<byte> container, out int offset)
    {
        offset = 0;
        var width = OffsetWidth(container.Length);
        if (container.Length < width)
        {
            return false;
        }

        var value = ReadOffset(container[^width..]);
        if (value > container.Length - width)
        {
            return false;
        }

        offset = (int)value;
        return true;
    }

    private static int OffsetWidth(int size) => size switch
    {
        <= byte.MaxValue => 1,
        <= ushort.MaxValue => 2,
        _ => 4,
    };

    private static long ReadOffset(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        1 => bytes[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        _ => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
    };

    private static int Align(int position) => (position + VariantAlignment - 1) & -VariantAlignment;
}
