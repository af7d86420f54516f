package language

var TextsZH = textsZH
