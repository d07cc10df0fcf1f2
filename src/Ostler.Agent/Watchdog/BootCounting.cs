using System.Buffers.Binary;
using Ostler.Agent.Host;

namespace Ostler.Agent.Watchdog;

/// <summary>
/// Automatic Boot Assessment: boot loaders that count a boot entry's tries down (systemd-boot), and what they say of this boot.
/// </summary>
/// <remarks>
/// A name like <c>ostree-2+3.conf</c> proves nothing: ostree writes such names where <c>sysroot.boot-counting-tries</c> is set, also for
/// boot loaders that do not count (GRUB), and version numbers contain a plus as well. systemd pulls in boot-complete.target only where the
/// boot loader says that it counted, so exactly that is asked here.
/// </remarks>
internal static class BootCounting
{
    private const string Entries = "/boot/loader/entries";
    private const string Variables = "/sys/firmware/efi/efivars/";
    private const string LoaderVendor = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

    /// <summary>
    /// The boot loader sets it to the entry's path when it has counted this boot; systemd-bless-boot-generator goes by it.
    /// </summary>
    private const string CountPath = Variables + "LoaderBootCountPath" + LoaderVendor;

    /// <summary>What the boot loader can do, as bits behind the four bytes of attributes that every variable begins with.</summary>
    private const string Features = Variables + "LoaderFeatures" + LoaderVendor;
    private const ulong CountsBoots = 1 << 4;
    private const int Attributes = 4;

    /// <summary>The boot loader has counted the present boot, and waits for it to be called good.</summary>
    public static bool CountsThisBoot(HostFiles files) => files.Exists(CountPath);

    /// <summary>The boot loader counts boots on this host: this one, or that of an entry which has tries left.</summary>
    public static bool IsOn(HostFiles files) => CountsThisBoot(files) || (HasFeature(files) && Counters(files).Any());

    /// <summary>An entry whose tries were all used up. Its counter of tries that were made is what only a boot loader writes.</summary>
    public static bool UsedUp(HostFiles files) => Counters(files).Any(counter => counter is { Left: 0, Done: > 0 });

    private static bool HasFeature(HostFiles files) =>
        files.ReadBytes(Features) is { Length: >= Attributes + sizeof(ulong) } bytes
        && (BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(Attributes)) & CountsBoots) != 0;

    private static IEnumerable<(int Left, int Done)> Counters(HostFiles files) =>
        from name in files.Names(Entries)
        let counter = Counter(name)
        where counter is not null
        select counter.Value;

    /// <summary>
    /// Tries left, and tries made, of names like <c>ostree-2+3.conf</c> and <c>ostree-2+0-3.conf</c>; null for every other name with a
    /// plus.
    /// </summary>
    internal static (int Left, int Done)? Counter(string name)
    {
        const string Suffix = ".conf";
        if (!name.EndsWith(Suffix, StringComparison.Ordinal) || name.LastIndexOf('+') is not (> 0 and var at))
        {
            return null;
        }

        return name[(at + 1)..^Suffix.Length].Split('-') switch
        {
            [var left] when Number(left) is { } tries => (tries, 0),
            [var left, var done] when Number(left) is { } tries && Number(done) is { } made => (tries, made),
            _ => null,
        };
    }

    private static int? Number(string digits) =>
        digits.Length is > 0 and < 6 && digits.All(char.IsAsciiDigit) ? int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture) : null;
}
