using Ostler.Machine.Power;

namespace Ostler.Machine.Tests;

public class BootEntryTests
{
    // As ostree 2022.7 writes it on the machine.
    private const string Text = """
        title Edge OS 2.0 (ostree:0)
        version 2
        options root=/dev/vda rw console=ttyS0 quiet ostree=/ostree/boot.1/machine/8526fb20/0
        linux /ostree/machine-8526fb20/vmlinuz-6.1.0-56-cloud-amd64
        initrd /ostree/machine-8526fb20/initramfs-6.1.0-56-cloud-amd64.img

        """;

    [Fact]
    public void An_entry_is_read_as_ostree_writes_it() => Assert.Equal(
        new BootEntry(
            "ostree-2-machine.conf", "Edge OS 2.0 (ostree:0)", "2", "/ostree/machine-8526fb20/vmlinuz-6.1.0-56-cloud-amd64", "/ostree/machine-8526fb20/initramfs-6.1.0-56-cloud-amd64.img",
            "root=/dev/vda rw console=ttyS0 quiet ostree=/ostree/boot.1/machine/8526fb20/0"),
        BootEntry.Parse("ostree-2-machine.conf", Text));

    [Fact]
    public void Comments_and_tabs_are_known_and_options_count_together() => Assert.Equal(
        "a b",
        BootEntry.Parse("x.conf", "# options no\ntitle\tT\nversion 1\nlinux /l\ninitrd /i\noptions a\noptions\tb\n").Options);

    [Fact]
    public void An_entry_without_a_kernel_is_no_entry() =>
        Assert.Contains("no linux", Assert.Throws<InvalidDataException>(() => BootEntry.Parse("x.conf", "title T\nversion 1\n")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("the higher version", "2", "1", "2")]
    [InlineData("as a number, not as text", "10", "9", "10")]
    [InlineData("whatever the order in the menu", "2", "2", "1")]
    [InlineData("dots and letters", "6.1.0-56", "6.1.0-9", "6.1.0-56")]
    public void A_boot_loader_takes(string what, string expected, params string[] menu)
    {
        Assert.NotEmpty(what);
        Assert.Equal(expected, BootEntry.Default(menu.Select((version, i) => Entry($"{i}.conf", version))).Version);
    }

    [Fact]
    public void Of_equal_versions_the_last_file() =>
        Assert.Equal("ostree-2.conf", BootEntry.Default([Entry("ostree-2.conf", "1"), Entry("ostree-1.conf", "1")]).File);

    [Fact]
    public void An_empty_menu_boots_nothing() => Assert.Throws<InvalidDataException>(() => BootEntry.Default([]));

    private static BootEntry Entry(string file, string version) => new(file, "T", version, "/l", "/i", "");
}
