// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OpenRule} from "traps/OpenRule.sol";

/// A rule that lets nothing pass.
contract ClosedRule is OpenRule {
    function check() external pure override {
        revert("closed");
    }
}
