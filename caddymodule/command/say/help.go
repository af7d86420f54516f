package say

import (
	"strings"
	"sync"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Help has a command and all below it explain themselves in the language that is spoken. It is called when all of them are
// there, with their flags.
func Help(cmd *cobra.Command) {
	if Language() == language.English {
		return
	}
	cmd.InitDefaultHelpFlag()
	cmd.Short, cmd.Long = helpText(cmd.Short), helpText(cmd.Long)
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage = helpText(f.Usage) })
	cmd.SetUsageTemplate(usageZH.Replace(cmd.UsageTemplate()))
	cmd.SetHelpTemplate(helpTemplateZH)
	for _, sub := range cmd.Commands() {
		Help(sub)
	}
}

// helpText is a text of the help, paragraph by paragraph, of which several commands may have the same.
func helpText(english string) string {
	paragraphs := strings.Split(strings.TrimSpace(english), "\n\n")
	for i, p := range paragraphs {
		bare := strings.Join(strings.Fields(p), " ")
		if zh := helpZH[bare]; zh != "" {
			paragraphs[i] = zh
		} else if zh := helpFormats().translate(bare); zh != "" {
			paragraphs[i] = zh
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// helpFormats are the texts of the help that something is put into.
var helpFormats = sync.OnceValue(func() formats { return newFormats(helpZH) })

// usageZH translates cobra's words between them.
var usageZH = strings.NewReplacer(
	"Usage:", "用法：",
	"[command]", "<命令>",
	"Aliases:", "别名：",
	"Examples:", "示例：",
	"Available Commands:", "命令：",
	"Additional Commands:", "其他命令：",
	"Flags:", "选项：",
	"Global Flags:", "全局选项：",
	"Additional help topics:", "其他帮助主题：",
	`Use "{{.CommandPath}} <命令> --help" for more information about a command.`, `用 "{{.CommandPath}} <命令> --help" 查看某个命令的说明。`,
	`Use "{{.CommandPath}} [command] --help" for more information about a command.`, `用 "{{.CommandPath}} <命令> --help" 查看某个命令的说明。`,
)

// helpTemplateZH is cobra's, with what Caddy adds to it.
const helpTemplateZH = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{if or .Runnable .HasSubCommands}}{{.UsageString}}{{end}}
Caddy 命令行的完整文档：
https://caddyserver.com/docs/command-line
`
