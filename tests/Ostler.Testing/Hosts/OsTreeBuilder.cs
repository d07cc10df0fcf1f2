using System.Security.Cryptography;
using System.Text;

namespace Ostler.Testing.Hosts;

/// <summary>Writes an <see cref="OsTree"/> as the folder that <c>ostree commit --tree=dir=</c> takes.</summary>
internal static class OsTreeBuilder
{
    private static readonly string[] Folders =
        ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "usr/etc/app.d", "boot", "dev", "proc", "sys", "run", "tmp", "var", "sysroot"];

    // As every image-based OS has them: the root cannot be written to, so what people write to lives in /var.
    private static readonly (string Link, string Target)[] Links =
    [
        ("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib"), ("lib64", "usr/lib64"), ("ostree", "sysroot/ostree"),
        ("home", "var/home"), ("root", "var/roothome"), ("opt", "var/opt"), ("srv", "var/srv"), ("mnt", "var/mnt"),
        ("usr/etc/os-release", "../usr/lib/os-release"),
    ];

    public static void Write(OsTree tree, string folder)
    {
        foreach (var path in Folders)
        {
            Directory.CreateDirectory(Path.Combine(folder, path));
        }
        foreach (var (link, target) in Links)
        {
            File.CreateSymbolicLink(Path.Combine(folder, link), target);
        }
        var files = Skeleton(tree)
            .Where(file => !tree.Removed.Contains(file.Path) && !tree.Files.Keys.Any(path => path.StartsWith(file.Path + "/", StringComparison.Ordinal)))
            .Concat(tree.Files.Select(file => (Path: file.Key, Content: file.Value)));
        foreach (var (path, content) in files)
        {
            var full = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllBytes(full, content);
        }
    }

    private static IEnumerable<(string Path, byte[] Content)> Skeleton(OsTree tree)
    {
        var kernel = tree.Kernel ?? tree.Version;
        var modules = $"usr/lib/modules/6.1.0-lab-{kernel}";
        yield return ($"{modules}/vmlinuz", Noise("vmlinuz " + kernel, tree.KernelBytes));
        yield return ($"{modules}/initramfs.img", Noise("initramfs " + kernel, tree.KernelBytes));
        yield return ("usr/lib/os-release", Text(
            $"""
            NAME="Lab OS"
            ID=labos
            VERSION_ID={tree.Version}
            PRETTY_NAME="Lab OS {tree.Version}"

            """));
        yield return ("usr/etc/hostname", Text($"lab-{tree.Version}\n"));
        yield return ("usr/etc/hosts", Text("127.0.0.1 localhost\n"));
        yield return ("usr/etc/nsswitch.conf", Text("passwd: files\ngroup: files\nhosts: files dns\n"));
        yield return ("usr/etc/passwd", Text("root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"));
        yield return ("usr/etc/group", Text("root:x:0:\nnogroup:x:65534:\n"));
        yield return ("usr/etc/app.conf", Text($"setting={tree.Version}\n"));
        yield return ("usr/etc/app.d/10-vendor.conf", Text($"vendor={tree.Version}\n"));
        yield return ("usr/etc/untouched.conf", Text("same in every version\n"));
        if (tree.PayloadBytes > 0)
        {
            yield return ("usr/lib/ostler-lab/payload", Noise("payload " + tree.Version, tree.PayloadBytes));
        }
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    // Incompressible and the same in every run, so that commits of the same tree have the same checksum.
    private static byte[] Noise(string seed, int bytes)
    {
        var content = new byte[bytes];
        new Random(BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes(seed)))).NextBytes(content);
        return content;
    }
}
